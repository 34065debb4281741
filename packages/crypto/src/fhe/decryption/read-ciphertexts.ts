import { equalBytes, utf8 } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { toHex } from '../../hex.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import { byteReader } from '../files/byte-reader.ts'
import {
  type Ciphertext,
  ciphertextDigest,
  type KnownCiphertext,
  parseCiphertext,
  type SeenCiphertext,
} from '../files/ciphertext.ts'
import { MAX_CIPHERTEXTS } from '../files/partial-file.ts'
import { readSafeHeader } from '../files/tfhe-fields.ts'
import { CARRIED_MAGIC, isRounded, parseCarried } from './carry.ts'

/**
 * 1 to 10,000 files in order, of which one is in memory at a time. Refusals: FHE-CIPHERTEXT-MISSING, FHE-CIPHERTEXTS-MANY and those of
 * `readCiphertext`.
 */
export function seeAll<Known extends KnownCiphertext>(
  files: Iterable<Uint8Array | Known>,
): Outcome<(SeenCiphertext | Known)[]> {
  return readEach(files, (one) => (one instanceof Uint8Array ? seeCiphertext(one) : one))
}

/** Of a canary, which is in memory whole. It has 256 blocks at most. */
const MAX_HELD = 1024

function readEach<Given, Read>(
  files: Iterable<Given>,
  read: (file: Given) => Read,
  most = MAX_CIPHERTEXTS,
): Outcome<Read[]> {
  const many = (count: number | string) =>
    refuse('FHE-CIPHERTEXTS-MANY', `${count} ciphertexts, at most ${most}`)
  // Where their number is known, none is read.
  if (Array.isArray(files) && files.length > most) return many(files.length)
  const all: Read[] = []
  try {
    for (const file of files) {
      if (all.length === most) return many('more')
      all.push(read(file))
    }
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  }
  return all.length === 0 ? refuse('FHE-CIPHERTEXT-MISSING', 'no ciphertext') : accept(all)
}

/** Reads one and lets its blocks go: of many that are combined, one is in memory at a time. Throws as `readCiphertext`. */
export function seeCiphertext(bytes: Uint8Array): SeenCiphertext {
  const ciphertext = readCiphertext(bytes)
  const { kind, bits, width, blocks } = ciphertext
  return {
    ...{ kind, bits, width, blockCount: blocks.length },
    ...{ digest: ciphertextDigest(ciphertext), isRounded: isRounded(ciphertext) },
  }
}

/** Ciphertexts that a holder is asked for, and their digests in hex. */
type Asked<T> = { readonly ciphertexts: readonly T[]; readonly digests: readonly string[] }

/** As `seeAll`, of a holder's request: FHE-CIPHERTEXT-DUPLICATE besides. */
export const seeAsked = (files: Iterable<Uint8Array>): Outcome<Asked<SeenCiphertext>> =>
  eachOnce(seeAll<never>(files), ({ digest }) => digest)

/** The same with all blocks in memory: of a canary, which is small. */
export const readAsked = (files: readonly Uint8Array[]): Outcome<Asked<Ciphertext>> =>
  eachOnce(readEach(files, readCiphertext, MAX_HELD), ciphertextDigest)

function eachOnce<T>(read: Outcome<T[]>, digestOf: (one: T) => Uint8Array): Outcome<Asked<T>> {
  if (!read.ok) return read
  const digests = read.value.map((one) => toHex(digestOf(one)))
  if (new Set(digests).size !== digests.length) {
    return refuse('FHE-CIPHERTEXT-DUPLICATE', 'a ciphertext is listed twice')
  }
  return accept({ ciphertexts: read.value, digests })
}

/**
 * Reads a ciphertext as tfhe writes it, or rounded for carrying (`lux-car1`). Refuses by name, besides the parsers' rules: FHE-BARE-LIST, a
 * compact list without proof, in which one changed word can give the whole key away; FHE-PROVEN-LIST, which an evaluator verifies and
 * expands first; FHE-BOOLEAN-API, the 32-bit ciphertexts of tfhe's Boolean API.
 */
export function readCiphertext(bytes: Uint8Array): Ciphertext {
  if (equalBytes(bytes.subarray(0, 8), utf8(CARRIED_MAGIC))) return parseCarried(bytes)
  if (isBooleanApi(bytes)) {
    throw new FormatError(
      'FHE-BOOLEAN-API',
      '32-bit ciphertexts leave at most 25 bits to hide in: use FheBool',
    )
  }
  let name = ''
  try {
    name = readSafeHeader(byteReader(bytes))
  } catch {
    // parseCiphertext says what it is not.
  }
  if (name === 'high_level_api::CompactCiphertextList') {
    throw new FormatError('FHE-BARE-LIST', 'a compact list without a proof is never admitted')
  }
  if (name === 'high_level_api::ProvenCompactCiphertextList') {
    throw new FormatError('FHE-PROVEN-LIST', 'an evaluator verifies and expands it; holders decrypt results')
  }
  return parseCiphertext(bytes)
}

/** Bare bincode of BooleanCiphertext: u32 0, u64 size, u32 words, u128 0, u64 32; or a trivial one, u32 1, u8. */
function isBooleanApi(bytes: Uint8Array): boolean {
  const reader = byteReader(bytes)
  try {
    const variant = reader.u32('variant')
    if (variant === 1) return bytes.length === 5
    if (variant !== 0) return false
    const size = reader.count('size', 4096)
    return bytes.length === 4 + 8 + 4 * size + 24
  } catch {
    return false
  }
}
