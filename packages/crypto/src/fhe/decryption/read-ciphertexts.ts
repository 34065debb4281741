import { FormatError } from '../../format-error.ts'
import { toHex } from '../../hex.ts'
import { accept, type Outcome } from '../../sharing/outcome.ts'
import { refuse } from '../../verdict.ts'
import { type Ciphertext, ciphertextDigest } from '../files/ciphertext.ts'
import { MAX_CIPHERTEXTS } from '../files/partial-file.ts'
import { readCiphertext } from '../read-ciphertext.ts'

/** 1 to 1024 files in order. Refusals: FHE-CIPHERTEXT-MISSING, FHE-CIPHERTEXTS-MANY and those of `readCiphertext`. */
export function readAll(files: readonly Uint8Array[]): Outcome<Ciphertext[]> {
  if (files.length === 0) return refuse('FHE-CIPHERTEXT-MISSING', 'no ciphertext')
  if (files.length > MAX_CIPHERTEXTS) {
    return refuse('FHE-CIPHERTEXTS-MANY', `${files.length} ciphertexts, at most ${MAX_CIPHERTEXTS}`)
  }
  try {
    return accept(files.map(readCiphertext))
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
}

/** Ciphertexts that a holder is asked for, and their digests in hex. */
export type Asked = { readonly ciphertexts: readonly Ciphertext[]; readonly digests: readonly string[] }

/** As `readAll`, of a holder's request: FHE-CIPHERTEXT-DUPLICATE besides. */
export function readAsked(files: readonly Uint8Array[]): Outcome<Asked> {
  const read = readAll(files)
  if (!read.ok) return read
  const digests = read.value.map((one) => toHex(ciphertextDigest(one)))
  if (new Set(digests).size !== digests.length) {
    return refuse('FHE-CIPHERTEXT-DUPLICATE', 'a ciphertext is listed twice')
  }
  return accept({ ciphertexts: read.value, digests })
}
