import { FormatError, type Json } from '@lux/crypto'
import { type FheValue, MAX_CIPHERTEXTS, MAX_SHARE, parsePartial, readCiphertext } from '@lux/crypto/fhe'
import { ExpectedError, readBounded } from '@lux/node-files'
import { refused } from './command-line.ts'

/** Bytes of a file that is read whole: one ciphertext of 1024 squashed blocks is 67 MB. */
export const maxWhole = 72 << 20
const maxPublic = 4 << 20
/** Bytes of all ciphertexts that one command reads: 1024 of u64, squashed. Each is in memory some three times. */
const maxTogether = 1100 * 2 ** 20

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

/**
 * Those of one command, in order. Errors: as `ciphertextAt`, FHE-CIPHERTEXTS-MANY before anything is read, CIPHERTEXTS-TOO-LARGE before
 * more than `most` bytes and one file are in memory.
 */
export function ciphertextsAt(paths: readonly string[], most = maxTogether) {
  if (paths.length > MAX_CIPHERTEXTS)
    throw refused({
      rule: 'FHE-CIPHERTEXTS-MANY',
      detail: `${paths.length} ciphertexts, at most ${MAX_CIPHERTEXTS}`,
    })
  let total = 0
  return paths.map((path, at) => {
    const read = ciphertextAt(path)
    total += read.bytes.length
    if (total > most)
      throw new ExpectedError(
        'CIPHERTEXTS-TOO-LARGE',
        `the first ${at + 1} of ${paths.length} files have ${total} bytes, all together may have ${most}`,
      )
    return read
  })
}

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
