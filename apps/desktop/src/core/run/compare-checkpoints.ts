import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { checkpointCodec, type Head } from '@lux/ceremony/transcript'
import type { Json } from '@lux/crypto'
import { damagedRun } from './run-refusals.ts'

/**
 * A chain does not show that its end was cut off; the checkpoints do, each written before the log says so. Refuses a
 * log that is shorter than one of them or has another history. `heads` are those after 0, 1, 2 … entries.
 */
export function compareCheckpoints(path: string, heads: readonly Head[], read: (name: string) => Json): void {
  const folder = join(path, 'checkpoints')
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const size = Number(/^(\d{1,15})\.json$/.exec(name)?.[1] ?? Number.NaN)
    if (Number.isNaN(size)) continue
    const file = checkpointCodec.file.check(read(`checkpoints/${name}`))
    if (!file.ok) throw damagedRun(path, `checkpoints/${name}: ${file.detail}`)
    if (heads[size]?.node !== file.value.payload.node) {
      throw damagedRun(
        path,
        `its log has ${heads.length - 1} entries and is not the one that checkpoint ${size} was signed over`,
      )
    }
  }
}
