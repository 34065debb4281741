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

/** A name that nobody can have put a file or a link at before; it is opened with `wx`, so that a guess would be refused too. */
export const partBeside = (path: string): string => `${path}.${randomBytes(8).toString('hex')}.part`

/** What a program that was killed while it wrote this file may have left of it. */
export function partsOf(path: string): string[] {
  const pattern = /^\.[0-9a-f]{16}\.part$/
  const name = basename(path)
  return readdirSync(dirname(path))
    .filter((other) => other.startsWith(name) && pattern.test(other.slice(name.length)))
    .map((other) => join(dirname(path), other))
}

/** As `writeInFolder`, in a folder of the tool's own, which is made where it is not there yet. */
export function writeDurably(path: string, bytes: Uint8Array, mode = 0o600): void {
  makeFolder(dirname(path))
  writeInFolder(path, bytes, mode)
}

/**
 * Writes beside the target, fsyncs, renames, fsyncs the folder: after a crash the file is the old one or the new one. The mode is
 * the new file's, whatever was there. Refuses FOLDER-MISSING.
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
 * The whole file, refused by name when longer than `maxBytes`: the length is checked on what is read, not on what was promised.
 * It may be a secret, so what is given is the only copy.
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
 * Refuses FOLDER-READ-ONLY when a folder could not be made or filled here. Asked first, because Node's recursive mkdir
 * calls a read-only file system a missing one.
 */
export function checkWritable(path: string): void {
  let existing = resolve(path)
  while (!existsSync(existing) && dirname(existing) !== existing) existing = dirname(existing)
  withSystemErrors(() => accessSync(existing, constants.W_OK), path)
}
