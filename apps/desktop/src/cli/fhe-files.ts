import type { Json } from '@lux/crypto'
import { type FheValue, readCiphertext } from '@lux/crypto/fhe'
import { readBounded } from '../core/store/durable-file.ts'
import { refused } from './command-line.ts'

/** Bytes of a file that is read whole: one ciphertext of 1024 squashed blocks is 67 MB. */
export const maxWhole = 72 << 20
const maxShare = 1 << 20
const maxPublic = 4 << 20

export const readShareFile = (path: string) => readBounded(path, maxShare)
export const readPublicFile = (path: string) => readBounded(path, maxPublic)
export const readPartialFile = (path: string) => readBounded(path, maxWhole)
export const readCiphertextFile = (path: string) => readBounded(path, maxWhole)

/** Parsed with the file's name in the refusal. Errors: FHE-…, FILE-…. */
export function ciphertextAt(path: string) {
  const bytes = readCiphertextFile(path)
  try {
    return { path, bytes, ciphertext: readCiphertext(bytes) }
  } catch (error) {
    if (error instanceof Error && 'rule' in error && 'detail' in error)
      throw refused({ rule: String(error.rule), detail: `${path}: ${String(error.detail)}` })
    throw error
  }
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
