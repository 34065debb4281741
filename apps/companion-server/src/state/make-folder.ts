import { chmod, mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { isErrno } from '../platform/state-folder/private-file.ts'
import { EnvironmentError } from '../refusal.ts'

/**
 * Makes a folder and every missing one above it, one at a time: Node's recursive mkdir never comes back where a file
 * system takes no folder, such as /proc. Errors: FOLDER-READ-ONLY, FILE-WRONG-KIND, those of the disk.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const missing: string[] = []
  for (let at = resolve(path); !(await isThere(at)); at = dirname(at)) missing.unshift(at)
  for (const folder of missing) await makeOne(folder, mode)
  if (!(await stat(path)).isDirectory())
    throw new EnvironmentError('FILE-WRONG-KIND', `${path} is a file: name a folder`)
}

/** Makes a folder that only its owner can enter, and closes one that was open wider. */
export async function makePrivateFolder(path: string): Promise<void> {
  await makeFolder(path, 0o700)
  await chmod(path, 0o700)
}

async function makeOne(folder: string, mode: number): Promise<void> {
  try {
    await mkdir(folder, { mode })
  } catch (error) {
    // Somebody else made it meanwhile.
    if (isErrno(error, 'EEXIST')) return
    // The folder above it is there, so what is missing is a file system that takes folders.
    if (['ENOENT', 'EACCES', 'EPERM', 'EROFS'].some((code) => isErrno(error, code))) {
      throw new EnvironmentError(
        'FOLDER-READ-ONLY',
        `${folder}: no folder can be made here: choose another place, or ask for the right to write there`,
      )
    }
    throw error
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false
    if (isErrno(error, 'ENOTDIR'))
      throw new EnvironmentError('FILE-WRONG-KIND', `${path} lies below a file: name a folder`)
    throw error
  }
}
