import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { note, ran } from './run.ts'

/** A bare list, and a signed one of which one word was altered, must be refused; both would give the key away. */
export async function refuseAttacks({
  folder,
  evaluator,
}: {
  folder: string
  evaluator: string
}): Promise<void> {
  const at = (name: string): string => join(folder, name)
  const altered = readFileSync(at('inputs.bin'))
  const middle = altered.length >> 1
  altered.writeUInt8(altered.readUInt8(middle) ^ 1, middle)
  writeFileSync(at('altered.bin'), altered)
  for (const [job, rule] of [
    ['bare-job.json', 'ADMIT-BARE'],
    ['altered-job.json', 'ADMIT-SIGNATURE'],
  ] as const) {
    const { stderr } = await ran(evaluator, ['run', at('config.json'), at(job), at('refused')], 1)
    const last = stderr.trim().split('\n').at(-1) ?? ''
    if (!last.startsWith(`${rule}: `)) throw new Error(`${job}: expected ${rule}, got ${last}`)
    note(`evaluator refuses: ${last.replaceAll(`${folder}/`, '')}`)
  }
}
