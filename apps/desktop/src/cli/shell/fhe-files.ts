import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { FormatError, type Json } from '@lux/crypto'
import {
  type FheValue,
  MAX_CIPHERTEXTS,
  MAX_SHARE,
  parsePartial,
  readCiphertext,
  seeCiphertext,
} from '@lux/crypto/fhe'
import { readBounded, withSystemErrors } from '@lux/node-files'
import { refused } from './command-line.ts'

/** Bytes of a file that is read whole: one ciphertext of 1024 squashed blocks is 67 MB. */
export const maxWhole = 72 << 20
const maxPublic = 4 << 20

export const readShareFile = (path: string) => readBounded(path, MAX_SHARE)
export const readPublicFile = (path: string) => readBounded(path, maxPublic)
export const readPartialFile = (path: string) => readBounded(path, maxWhole)
const readCiphertextFile = (path: string) => readBounded(path, maxWhole)

/** What `read` gives of the file's content: its refusal names the file, which may be one of several. */
export function inFile<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw naming(path, error)
  }
}

/** The error to throw for one that the content of a file is refused with. */
export function naming(path: string, error: unknown): unknown {
  if (!(error instanceof FormatError)) return error
  return refused({ rule: error.rule, detail: `${path}: ${error.detail}` })
}

/** Parsed with the file's name in the refusal. Errors: FHE-…, FILE-…. */
export function ciphertextAt(path: string) {
  const bytes = readCiphertextFile(path)
  return { path, bytes, ciphertext: inFile(path, () => readCiphertext(bytes)) }
}

/** Files that are named, a folder standing for those in it, by name. Errors: FHE-CIPHERTEXTS-MANY, FILE-…. */
function pathsOf(named: readonly string[]): string[] {
  if (named.length > MAX_CIPHERTEXTS) throw tooMany(named.length)
  const paths = named.flatMap((path) =>
    withSystemErrors(
      () =>
        statSync(path).isDirectory()
          ? readdirSync(path)
              .toSorted()
              .map((name) => join(path, name))
          : [path],
      path,
    ),
  )
  if (paths.length > MAX_CIPHERTEXTS) throw tooMany(paths.length)
  return paths
}

const tooMany = (count: number) =>
  refused({ rule: 'FHE-CIPHERTEXTS-MANY', detail: `${count} ciphertexts, at most ${MAX_CIPHERTEXTS}` })

/**
 * Those of one command, in order, read as often as they are gone through, and one in memory at a time. Errors: as `ciphertextAt`, and
 * FHE-CIPHERTEXTS-MANY before anything is read.
 */
export function ciphertextsAt(named: readonly string[]): Iterable<Uint8Array> {
  const paths = pathsOf(named)
  return {
    *[Symbol.iterator]() {
      for (const path of paths) yield ciphertextAt(path).bytes
    },
  }
}

/** The same, each looked at and let go. */
export const seenAt = (named: readonly string[]) =>
  pathsOf(named).map((path) => ({
    path,
    seen: inFile(path, () => seeCiphertext(readCiphertextFile(path))),
  }))

/** A holder's answer, as a ciphertext. Errors: FHE-…, FILE-…. */
export function partialAt(path: string) {
  const bytes = readPartialFile(path)
  return inFile(path, () => parsePartial(bytes))
}

/** What was decrypted, for one document: numbers are strings, so that no reader rounds them. */
export function valuesJson(types: readonly string[], values: readonly FheValue[]): Json[] {
  return types.map((type, i) => ({ type, value: String(values[i]) }))
}

/** A value as it is named on the command line: `true`, `false` or a decimal number. */
export function parseValue(text: string): FheValue | null {
  if (text === 'true' || text === 'false') return text === 'true'
  return /^-?\d{1,700}$/.test(text) ? BigInt(text) : null
}
