import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import Database from 'better-sqlite3'
import { CoreError, withSystemErrors } from '../core/core-error.ts'
import { checkWritable } from '../core/store/durable-file.ts'
import { statePath } from './holder-state.ts'

export const lockPath = (share: string) => `${statePath(share)}.lock`

/**
 * Holds a share for one command: what it has answered is read, and much later written, so that two at once would both answer out of
 * one budget. The lock is the system's on an empty database, as of a run's store, and given back when the process dies, so that no stale
 * one has to be judged. The empty file stays: who removed it could leave two commands with a lock each. Gives what lets go. Errors:
 * HOLDER-BUSY, FOLDER-READ-ONLY, DISK-FULL.
 */
export function lockShare(share: string): () => void {
  const path = lockPath(share)
  withSystemErrors(() => {
    checkWritable(dirname(path))
    closeSync(openSync(path, 'a', 0o600))
  }, path)
  const database = new Database(path, { timeout: 250 })
  try {
    database.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (!code.startsWith('SQLITE_BUSY')) throw error
    throw new CoreError('HOLDER-BUSY', `another command has ${share} open`)
  }
  return () => database.close()
}
