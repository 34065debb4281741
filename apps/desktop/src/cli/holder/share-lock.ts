import { closeSync, openSync } from 'node:fs'
import { dirname } from 'node:path'
import { checkWritable, ExpectedError, fromSystemError, withSystemErrors } from '@lux/node-files'
import Database from 'better-sqlite3'
import { statePath } from '../../core/use-cases/share-file.ts'

export const lockPath = (share: string) => `${statePath(share)}.lock`

/**
 * Holds a share for one command: what it has answered is read, and much later written, so that two at once would both answer out of
 * one budget. The lock is the system's on an empty database, as of a run's store, and given back when the process dies, so that no stale
 * one has to be judged. The empty file stays: who removed it could leave two commands with a lock each. Gives what lets go. Errors:
 * HOLDER-BUSY, FOLDER-READ-ONLY, DISK-FULL, FILE-UNREADABLE.
 */
export function lockShare(share: string): () => void {
  const path = lockPath(share)
  withSystemErrors(() => {
    checkWritable(dirname(path))
    closeSync(openSync(path, 'a', 0o600))
  }, path)
  let database: Database.Database | null = null
  try {
    database = new Database(path, { timeout: 250 })
    database.exec('BEGIN EXCLUSIVE')
    const held = database
    return () => held.close()
  } catch (error) {
    database?.close()
    throw notLocked(error, share)
  }
}

function notLocked(error: unknown, share: string): unknown {
  if (!(error instanceof Database.SqliteError)) return error
  if (error.code.startsWith('SQLITE_BUSY'))
    return new ExpectedError('HOLDER-BUSY', `another command has ${share} open`)
  const path = lockPath(share)
  return (
    fromSystemError(error, path) ??
    new ExpectedError(
      'FILE-UNREADABLE',
      `${path}: ${error.code}`,
      'it holds nothing: while no command has the share open, remove it; if that does not help, move the share to a disk of this device',
    )
  )
}
