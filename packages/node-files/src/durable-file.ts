import { createHash, randomBytes } from 'node:crypto'
import {
  accessSync,
  closeSync,
  constants,
  createReadStream,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { ExpectedError, fromSystemError, withReadErrors, withSystemErrors } from './file-error.ts'
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

/**
 * Writes a file that is not there yet, and syncs it. It waits off the thread: a slow stick would keep everything else from its turn.
 * `named`: the file that errors name. Errors: DISK-FULL, FOLDER-READ-ONLY, FILE-MISSING.
 */
export async function writeNewFile(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  named = path,
): Promise<void> {
  const file = await asSystemErrors(open(path, 'wx', 0o600), named)
  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length; )
        at += (await asSystemErrors(file.write(chunk, at), named)).bytesWritten
    }
    await asSystemErrors(file.sync(), named)
  } finally {
    await file.close()
  }
}

const asSystemErrors = <T>(work: Promise<T>, path: string): Promise<T> =>
  work.catch((error: unknown) => {
    throw fromSystemError(error, path) ?? error
  })

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

const maxBlob = 64 << 20

/** Files named by their SHA-256, which a run has made and must not lose. */
export class BlobFolder {
  readonly #folder: string
  readonly #ending: string

  constructor(folder: string, ending: '' | '.json' = '') {
    this.#folder = folder
    this.#ending = ending
  }

  path(digest: string): string {
    return join(this.#folder, `${digest}${this.#ending}`)
  }

  /** On disk when it returns. Writing the same bytes again is no error. */
  put(bytes: Uint8Array): string {
    const digest = sha256Hex(bytes)
    if (!existsSync(this.path(digest))) writeDurably(this.path(digest), bytes)
    return digest
  }

  /** The bytes, checked against their name. Errors: FILE-MISSING, FILE-DAMAGED. */
  get(digest: string): Uint8Array {
    const bytes = readBounded(this.path(digest), maxBlob)
    if (sha256Hex(bytes) !== digest) throw damaged(this.path(digest))
    return bytes
  }

  has(digest: string): boolean {
    return existsSync(this.path(digest))
  }
}

/** SHA-256 (hex) and size of a file of any length, streamed. */
export async function digestOfFile(path: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return { sha256: hash.digest('hex'), size: statSync(path).size }
}

export function damaged(path: string): ExpectedError {
  return new ExpectedError('FILE-DAMAGED', `${path} is not what it was`)
}

const sha256Hex = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
