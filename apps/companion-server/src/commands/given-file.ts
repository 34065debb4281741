import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { EnvironmentError } from '../refusal.ts'

/**
 * Opens a file that a person named, before anything else is begun. Throws EnvironmentError FILE-MISSING, FILE-UNREADABLE
 * or FILE-WRONG-KIND.
 */
export async function openGiven(path: string): Promise<FileHandle> {
  let handle: FileHandle
  try {
    // A pipe without a writer would be waited for.
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    throw new EnvironmentError(
      missing ? 'FILE-MISSING' : 'FILE-UNREADABLE',
      `${path}: ${missing ? 'there is no such file; check the path' : 'it cannot be read; check its permissions'}`,
    )
  }
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new EnvironmentError('FILE-WRONG-KIND', `${path}: not a file; name the file itself`)
}

/** The whole of a file that a person named, at most `maxBytes`. Throws EnvironmentError as above, or FILE-TOO-LARGE. */
export async function readGiven(path: string, maxBytes: number): Promise<Uint8Array> {
  const handle = await openGiven(path)
  try {
    const { size } = await handle.stat()
    if (size > maxBytes) {
      throw new EnvironmentError('FILE-TOO-LARGE', `${path}: ${size} bytes, at most ${maxBytes} are read`)
    }
    return new Uint8Array(await handle.readFile())
  } finally {
    await handle.close()
  }
}
