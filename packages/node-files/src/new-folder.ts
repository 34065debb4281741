import {
  closeSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { ExpectedError, fromSystemError, withSystemErrors } from './file-error.ts'

/**
 * Makes a folder and all missing ones above it, one at a time. Node's recursive mkdir hangs on file systems that take no folder, such as
 * /proc. Returns the new folders, outermost first. An existing folder keeps its mode. Refuses FOLDER-READ-ONLY, and FILE-WRONG-KIND where a
 * file has the name or lies above it.
 */
export function makeFolder(path: string, mode = 0o700): string[] {
  const missing: string[] = []
  for (let at = resolve(path); !existsSync(at); at = dirname(at)) missing.unshift(at)
  for (const folder of missing) makeOne(folder, mode)
  if (!statSync(path).isDirectory()) {
    throw new ExpectedError('FILE-WRONG-KIND', `${path} is a file`)
  }
  return missing
}

/**
 * Refuses FOLDER-MISSING. An output folder that a person names is never made: for a stick that is not mounted, it would land on the
 * machine's disk.
 */
export function mustBeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new ExpectedError('FOLDER-MISSING', `${path} is not there, or is no folder`)
}

/** The same for a new folder: the folder above it has to exist. */
export function mustHaveParent(path: string): void {
  if (!existsSync(path)) mustBeFolder(dirname(resolve(path)))
}

function makeOne(folder: string, mode: number): void {
  try {
    mkdirSync(folder, { mode })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    // Another program made it meanwhile.
    if (code === 'EEXIST') return
    if (code === 'ENOTDIR') {
      throw new ExpectedError('FILE-WRONG-KIND', `${folder} lies below a file`)
    }
    // The folder above exists, so it is the file system that takes no folders.
    if (code === 'ENOENT') {
      throw new ExpectedError('FOLDER-READ-ONLY', `${folder}: no folder can be made here`)
    }
    withSystemErrors(() => {
      throw error
    }, folder)
  }
}

const claimName = '.claimed'

/** Refuses FOLDER-IN-USE unless the folder is not there yet, or is empty. */
export function checkEmpty(path: string): void {
  if (!existsSync(path) || !statSync(path).isDirectory()) return
  const names = readdirSync(path)
  if (names.includes(claimName)) throw claimed(path)
  if (names.length > 0) throw new ExpectedError('FOLDER-IN-USE', `${path} is not empty`)
}

const claimed = (path: string) =>
  new ExpectedError('FOLDER-IN-USE', `${path} is being filled by another command, or by one that was killed`)

/**
 * Runs `work` on a new or empty folder and claims it against other commands: the second one is refused FOLDER-IN-USE and touches nothing. A
 * failure removes all that `work` wrote, and the folders made for it, unless something is there that `keeps` wants. `kept` gives the claim
 * back early, once the folder is complete and has its own lock.
 */
export async function inNewFolder<T>(
  path: string,
  keeps: () => boolean,
  work: (kept: () => void) => T | Promise<T>,
): Promise<T> {
  checkEmpty(path)
  const made = makeFolder(path)
  const claim = claimFolder(path)
  let undo = false
  try {
    return await work(claim.release)
  } catch (error) {
    undo = claim.isHeld() && !keeps()
    throw error
  } finally {
    if (undo) {
      const names = readdirSync(path).filter((name) => name !== claimName)
      for (const name of names) rmSync(join(path, name), { recursive: true, force: true })
    }
    // The claim goes last. Until then no other command writes here.
    claim.release()
    if (undo) for (const folder of made.toReversed()) removeEmpty(folder)
  }
}

function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Another command uses it by now.
  }
}

/** Errors: FOLDER-IN-USE, FOLDER-READ-ONLY, DISK-FULL. */
function claimFolder(path: string): { isHeld(): boolean; release(): void } {
  const claim = join(path, claimName)
  const file = openClaim(claim, path)
  const own = fstatSync(file).ino
  let released = false
  // Stays open to the end, so that no other file gets its inode number.
  const isHeld = () => !released && statSync(claim, { throwIfNoEntry: false })?.ino === own
  const release = () => {
    if (released) return
    if (isHeld()) rmSync(claim)
    released = true
    closeSync(file)
  }
  try {
    // The command that had the claim before may have left files since this folder was found empty.
    if (readdirSync(path).length > 1) {
      throw new ExpectedError('FOLDER-IN-USE', `${path} is not empty`)
    }
  } catch (error) {
    release()
    throw error
  }
  return { isHeld, release }
}

function openClaim(claim: string, path: string): number {
  try {
    return openSync(claim, 'wx', 0o600)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : ''
    // Missing: another command just failed, and removed the folder that it had made.
    if (code === 'EEXIST' || code === 'ENOENT') throw claimed(path)
    throw fromSystemError(error, path) ?? error
  }
}
