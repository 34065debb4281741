import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { ExpectedError, withReadErrors } from './file-error.ts'

/**
 * Opens a file that a person named, for reading. The caller closes it. A pipe is refused, because opening it would wait for a writer.
 * Errors: FILE-MISSING, FILE-UNREADABLE, FILE-WRONG-KIND.
 */
export function openGiven(path: string): number {
  // Windows has no such flag, and no pipes in its file system.
  const file = withReadErrors(() => openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)), path)
  if (fstatSync(file).isFile()) return file
  closeSync(file)
  throw new ExpectedError('FILE-WRONG-KIND', `${path} is a folder, a pipe or a device`)
}
