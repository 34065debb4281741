import { randomBytes } from 'node:crypto'
import type { Stats } from 'node:fs'
import { lstat, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { FormatError, type Json, parseCanonical } from '@lux/crypto'
import { EnvironmentError } from '../../refusal.ts'

/** Replaces a file as a whole: written beside it with the mode given, fsynced, renamed, the folder fsynced. */
export async function writeWhole(path: string, bytes: Uint8Array | string, mode = 0o600): Promise<void> {
  const folder = dirname(path)
  const temporary = join(folder, `.${randomBytes(8).toString('hex')}.part`)
  const file = await open(temporary, 'wx', mode).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    throw new EnvironmentError('FOLDER-MISSING', `${folder} is not there`)
  })
  try {
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    // On a full disk what was written takes the room that somebody makes.
    await rm(temporary, { force: true })
    throw error
  }
  await syncFolder(folder)
}

/** As `writeWhole`, of a file that is not there yet: nothing that is there is ever written over. Throws as `mustBeNew`. */
export async function writeNew(path: string, bytes: Uint8Array | string, mode: number): Promise<void> {
  await mustBeNew(path)
  await writeWhole(path, bytes, mode)
}

/** Asked before work whose result goes there. Throws FILE-EXISTS, FOLDER-MISSING. */
export async function mustBeNew(path: string): Promise<void> {
  await mustHaveParent(path)
  if ((await foundBy(lstat, path)) !== 'absent')
    throw new EnvironmentError('FILE-EXISTS', `${path} is already there: name a new file`)
}

/** Throws FOLDER-MISSING: a stick that is not mounted would be a folder of the machine's own disk. */
export async function mustHaveParent(path: string): Promise<void> {
  const folder = dirname(path)
  const found = await foundBy(stat, folder)
  if (found === 'absent' || !found.isDirectory())
    throw new EnvironmentError('FOLDER-MISSING', `${folder} is not there`)
}

async function foundBy(look: (path: string) => Promise<Stats>, path: string): Promise<Stats | 'absent'> {
  try {
    return await look(path)
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return 'absent'
    throw error
  }
}

export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Reads a file whole, or says that there is none; any other failure throws. */
export async function readIfPresent(path: string, maxBytes: number): Promise<Uint8Array | 'absent'> {
  try {
    const { size } = await stat(path)
    if (size > maxBytes)
      throw new EnvironmentError('STATE-TOO-LARGE', `${path} is longer than ${maxBytes} bytes`)
    return new Uint8Array(await readFile(path))
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return 'absent'
    throw error
  }
}

/** The document in a file of ours. Throws STATE-DAMAGED. */
export function parseState(path: string, bytes: Uint8Array): Json {
  try {
    return parseCanonical(bytes, { maxBytes: bytes.length })
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new EnvironmentError('STATE-DAMAGED', `${path}: ${error.detail}`)
  }
}

/** Refuses a secret's file that its group or others can read. */
export async function requirePrivate(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o077) !== 0) {
    throw new EnvironmentError('FILE-NOT-PRIVATE', `${path} is readable by others: chmod 600 ${path}`)
  }
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
