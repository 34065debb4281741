/**
 * An expected failure. `code`: a key of resources/locales, which say what to do. `remedy`: only for the few commands that know better
 * (docs/adr/0028). Neither `detail` nor `remedy` ever holds a secret.
 */
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

const diskCodes: Record<string, string> = {
  ENOSPC: 'DISK-FULL',
  EDQUOT: 'DISK-FULL',
  EFBIG: 'DISK-FULL',
  SQLITE_FULL: 'DISK-FULL',
  EROFS: 'FOLDER-READ-ONLY',
  EACCES: 'FOLDER-READ-ONLY',
  EPERM: 'FOLDER-READ-ONLY',
  SQLITE_READONLY: 'FOLDER-READ-ONLY',
  SQLITE_READONLY_DIRECTORY: 'FOLDER-READ-ONLY',
  SQLITE_CANTOPEN: 'FOLDER-READ-ONLY',
  SQLITE_IOERR_WRITE: 'DISK-FULL',
  ENOENT: 'FILE-MISSING',
  EISDIR: 'FILE-WRONG-KIND',
  ENOTDIR: 'FILE-MISSING',
}

/** An error of the system or of SQLite as an expected failure. Null for any other error. */
export function fromSystemError(error: unknown, path?: string): ExpectedError | null {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return null
  const known = diskCodes[error.code]
  if (known === undefined) return null
  const told = error.code === 'EFBIG' ? ': the medium takes no file of this size' : ''
  return new ExpectedError(known, `${path === undefined ? error.message : `${path}: ${error.code}`}${told}`)
}

/** As `withSystemErrors`, for reading: without permission it is FILE-UNREADABLE, and not a fault of the folder. */
export function withReadErrors<T>(work: () => T, path: string): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'EACCES' || error.code === 'EPERM')) {
      throw new ExpectedError('FILE-UNREADABLE', `${path}: ${error.code}`)
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
