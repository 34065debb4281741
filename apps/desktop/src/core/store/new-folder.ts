import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { CoreError, withSystemErrors } from '../core-error.ts'

/**
 * Makes a folder and every missing one above it, one at a time: Node's recursive mkdir never comes back where a file
 * system takes no folder, such as /proc. Gives those that it made, the outermost first. Refuses FOLDER-READ-ONLY,
 * FILE-WRONG-KIND where a file has the name.
 */
export function makeFolder(path: string): string[] {
  const missing: string[] = []
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at)
  for (const folder of missing) makeOne(folder)
  if (!statSync(path).isDirectory()) {
    throw new CoreError('FILE-WRONG-KIND', `${path} is a file`, 'name a folder')
  }
  return missing
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    // Somebody else made it meanwhile.
    if (code === 'EEXIST') return
    // The folder above it is there, so what is missing is a file system that takes folders.
    if (code === 'ENOENT') {
      throw new CoreError('FOLDER-READ-ONLY', `${folder}: no folder can be made here`, 'choose another place')
    }
    withSystemErrors(() => {
      throw error
    }, folder)
  }
}

/** Refuses FOLDER-IN-USE unless the folder is not there yet, or is empty. */
export function checkEmpty(path: string, remedy = 'name a new folder'): void {
  if (existsSync(path) && statSync(path).isDirectory() && readdirSync(path).length > 0) {
    throw new CoreError('FOLDER-IN-USE', `${path} is not empty`, remedy)
  }
}

/**
 * Runs `work` on a new or empty folder. When it fails and has left nothing that `keeps` wants, everything is as it was
 * before: what it wrote is removed, and the folders that were made for it.
 */
export async function inNewFolder<T>(
  path: string,
  keeps: () => boolean,
  work: () => T | Promise<T>,
): Promise<T> {
  checkEmpty(path)
  const made = makeFolder(path)
  try {
    return await work()
  } catch (error) {
    if (!keeps()) {
      for (const name of readdirSync(path)) rmSync(join(path, name), { recursive: true, force: true })
      for (const folder of made.toReversed()) if (readdirSync(folder).length === 0) rmdirSync(folder)
    }
    throw error
  }
}
