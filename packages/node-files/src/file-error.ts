/** An expected failure of core's own work. `code` is an i18n key; `detail` and `remedy` never hold a secret. */
export class ExpectedError extends Error {
  readonly code: string
  readonly detail: string
  readonly remedy: string | undefined

  constructor(code: string, detail: string, remedy?: string) {
    super(`${code}: ${detail}`)
    this.name = 'ExpectedError'
    this.code = code
    this.detail = detail
    this.remedy = remedy
  }
}

const fullDisk =
  'free space first, on the disk of the path that is named, then resume the run or give the command again; what was recorded is safe'
const diskCodes: Record<string, [code: string, remedy: string]> = {
  ENOSPC: ['DISK-FULL', fullDisk],
  EDQUOT: ['DISK-FULL', fullDisk],
  EFBIG: ['DISK-FULL', 'use a medium that takes a file of this size; nothing was lost'],
  SQLITE_FULL: ['DISK-FULL', fullDisk],
  EROFS: ['FOLDER-READ-ONLY', 'choose a folder that can be written'],
  EACCES: ['FOLDER-READ-ONLY', 'choose a folder that this user may write'],
  EPERM: ['FOLDER-READ-ONLY', 'choose a folder that this user may write'],
  SQLITE_READONLY: ['FOLDER-READ-ONLY', 'choose a folder that can be written'],
  SQLITE_READONLY_DIRECTORY: ['FOLDER-READ-ONLY', 'choose a folder that can be written'],
  SQLITE_CANTOPEN: ['FOLDER-READ-ONLY', 'choose a folder that this user may write'],
  SQLITE_IOERR_WRITE: ['DISK-FULL', fullDisk],
  ENOENT: ['FILE-MISSING', 'check the path'],
  EISDIR: ['FILE-WRONG-KIND', 'name a file, not a folder'],
  ENOTDIR: ['FILE-MISSING', 'check the path'],
}

/** The system's or SQLite's error as an expected failure, or null when it is not one of those. */
export function fromSystemError(error: unknown, path?: string): ExpectedError | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const known = diskCodes[error.code]
  if (known === undefined) return null
  return new ExpectedError(known[0], path === undefined ? error.message : `${path}: ${error.code}`, known[1])
}

/** As `withSystemErrors`, for reading: a file that may not be read is FILE-UNREADABLE, not a folder's fault. */
export function withReadErrors<T>(work: () => T, path: string): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')) {
      throw new ExpectedError(
        'FILE-UNREADABLE',
        `${path}: ${error.code}`,
        'ask its owner for permission to read it',
      )
    }
    throw fromSystemError(error, path) ?? error
  }
}

/** Runs `work`, turning a full disk, a read-only folder or a missing file into its named failure. */
export function withSystemErrors<T>(work: () => T, path?: string): T {
  try {
    return work()
  } catch (error) {
    throw fromSystemError(error, path) ?? error
  }
}
