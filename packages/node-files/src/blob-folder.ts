import { createHash } from 'node:crypto'
import { createReadStream, existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { readBounded, writeDurably } from './durable-file.ts'
import { ExpectedError } from './file-error.ts'

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
