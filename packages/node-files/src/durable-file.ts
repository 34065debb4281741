import { randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { ExpectedError, withReadErrors, withSystemErrors } from './file-error.ts'
import { makeFolder, mustBeFolder } from './new-folder.ts'
import { openGiven } from './open-file.ts'

/** A random name, so that nobody can have put a file or a link there. Opening with `wx` refuses even a lucky guess. */
export const partBeside = (path: string): string => `${path}.${randomBytes(8).toString('hex')}.part`

/** The temporary file that a killed program may have left. */
export function partsOf(path: string): string[] {
  const pattern = /^\.[0-9a-f]{16}\.part$/
  const name = basename(path)
  return readdirSync(dirname(path))
    .filter((other) => other.startsWith(name) && pattern.test(other.slice(name.length)))
    .map((other) => join(dirname(path), other))
}

/** As `writeInFolder`, but makes the folder where it is missing. */
export function writeDurably(path: string, bytes: Uint8Array, mode = 0o600): void {
  makeFolder(dirname(path))
  writeInFolder(path, bytes, mode)
}

/**
 * Writes beside the target, syncs, renames, syncs the folder. After a crash the file is the old one or the new one. The new file's mode is
 * `mode`, whatever the old one had. Refuses FOLDER-MISSING.
 */
export function writeInFolder(path: string, bytes: Uint8Array, mode = 0o600): void {
  mustBeFolder(dirname(path))
  withSystemErrors(() => {
    const temporary = partBeside(path)
    const file = openSync(temporary, 'wx', mode)
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
      fsyncSync(file)
    } catch (error) {
      rmSync(temporary, { force: true })
      throw error
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
    syncFolder(dirname(path))
  }, path)
}

export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/**
 * Reads a whole file. Refuses one of more than `maxBytes`, by the bytes that are read and not by a size that the system promises. The file
 * may be secret, so no other copy is made.
 */
export function readBounded(path: string, maxBytes: number): Uint8Array {
  return withReadErrors(() => {
    const file = openGiven(path)
    const chunks: Uint8Array[] = []
    try {
      let total = 0
      for (;;) {
        const chunk = new Uint8Array(65_536)
        const count = readSync(file, chunk)
        if (count === 0) break
        chunks.push(chunk.subarray(0, count))
        total += count
        if (total > maxBytes) {
          throw new ExpectedError('FILE-TOO-LARGE', `${path}: more than ${maxBytes} bytes`)
        }
      }
      const all = new Uint8Array(total)
      let at = 0
      for (const chunk of chunks) {
        all.set(chunk, at)
        at += chunk.length
      }
      return all
    } finally {
      for (const chunk of chunks) chunk.fill(0)
      closeSync(file)
    }
  }, path)
}

/**
 * Refuses FOLDER-READ-ONLY when a folder could not be made or filled here. Checked first, because Node's recursive mkdir reports a
 * read-only file system as a missing folder.
 */
export function checkWritable(path: string): void {
  let existing = resolve(path)
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing)
  withSystemErrors(() => accessSync(existing, constants.W_OK), path)
}
