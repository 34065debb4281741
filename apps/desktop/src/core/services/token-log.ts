import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { CoreError, withSystemErrors } from '../core-error.ts'
import type { Parts } from './parts.ts'

/** What destroys something on a token, and the second officer who read the end of its serial. */
type Act = {
  readonly act: 'erase-token' | 'destroy-key'
  readonly serial: string
  readonly label: string
  readonly ckaId: string | null
  readonly secondOfficer: string
}

export const tokenLog = 'token-acts.jsonl'

/**
 * Does it with a line before and one after in the store's `token-acts.jsonl`, JSON each, on disk before the token is asked; `outcome` is
 * `begun`, `done` or the code of what went wrong. Errors: those of the work, and of the file, where nothing is destroyed.
 */
export async function logged<T>({ store, clock }: Parts, act: Act, work: () => Promise<T>): Promise<T> {
  const note = (outcome: string) => append(join(store.path, tokenLog), { at: clock.now(), ...act, outcome })
  note('begun')
  try {
    const result = await work()
    note('done')
    return result
  } catch (error) {
    note(codeOf(error))
    throw error
  }
}

function append(path: string, line: object): void {
  withSystemErrors(() => {
    const file = openSync(path, 'a', 0o600)
    try {
      writeSync(file, `${JSON.stringify(line)}\n`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }, path)
}

function codeOf(error: unknown): string {
  if (error instanceof CoreError) return error.code
  return error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL'
}
