import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { ExpectedError, syncFolder, withSystemErrors } from '@lux/node-files'
import type { Clock } from '../system.ts'

/** What destroys something on a token. `secondOfficer`: who read the end of its serial; null by command, where nobody is asked. */
export type TokenAct = {
  readonly act: 'erase-token' | 'destroy-key'
  readonly serial: string
  readonly label: string
  readonly ckaId: string | null
  readonly secondOfficer: string | null
}

export const tokenLog = 'token-acts.jsonl'

/**
 * Does it with a line before and one after in the store's `token-acts.jsonl`, JSON each; the first is on disk before the token is asked.
 * `outcome` is `begun`, `done` or the code of what went wrong. Errors: those of the work; before it those of the file, where nothing is
 * destroyed. What was done stays done and is told as such where the last line cannot be written: `begun` alone says so.
 */
export async function logged<T>(
  store: string,
  clock: Clock,
  act: TokenAct,
  work: () => Promise<T>,
): Promise<T> {
  const path = join(store, tokenLog)
  const note = (outcome: string) => append(path, { at: clock.now(), ...act, outcome })
  note('begun')
  syncFolder(store)
  let outcome = 'done'
  try {
    return await work()
  } catch (error) {
    outcome = codeOf(error)
    throw error
  } finally {
    try {
      note(outcome)
    } catch {}
  }
}

function append(path: string, line: object): void {
  withSystemErrors(() => {
    const file = openSync(path, 'a', 0o600)
    try {
      const bytes = Buffer.from(`${JSON.stringify(line)}\n`)
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }, path)
}

function codeOf(error: unknown): string {
  if (error instanceof ExpectedError) return error.code
  return error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL'
}
