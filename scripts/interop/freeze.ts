import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { results } from './job.ts'
import { note } from './run.ts'

type Deal = { name: string; n: number }

/** Copies what packages/crypto's tests decrypt: the client key of a rehearsal, its shares, and what came out of native. */
export function freeze(from: { folder: string; key: string; to: string; deals: readonly Deal[] }): void {
  const { folder, key, to, deals } = from
  mkdirSync(to, { recursive: true })
  const copy = (source: string, ...names: string[]): void => {
    mkdirSync(join(to, ...names.slice(0, -1)), { recursive: true })
    copyFileSync(source, join(to, ...names))
  }
  for (const name of ['client-key.bin', 'compact-public-key.bin']) copy(join(key, name), name)
  for (const name of [
    'encryptor.json',
    'evaluator.json',
    'inputs.bin',
    'inputs.bin.signed.json',
    'job.json',
  ]) {
    copy(join(folder, name), name)
  }
  for (const { name, n } of deals) {
    copy(join(folder, name, 'public.bin'), name, 'public.bin')
    for (let holder = 1; holder <= n; holder++) {
      copy(join(folder, name, `holder-${holder}.bin`), name, `holder-${holder}.bin`)
    }
  }
  for (const { output } of results) {
    for (const end of ['squashed.bin', 'provenance.json']) {
      copy(join(folder, 'results', `${output}.${end}`), 'results', `${output}.${end}`)
    }
  }
  writeFileSync(join(to, 'values.json'), `${JSON.stringify(results, null, 2)}\n`)
  note(`frozen in ${to}`)
}
