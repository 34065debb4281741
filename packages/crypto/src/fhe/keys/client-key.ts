import { chacha20 } from '@noble/ciphers/chacha.js'
import { concatBytes, utf8, wipe } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { hmacSha256 } from '../../hash.ts'
import { u32, u64 } from '../../sharing/little-endian.ts'
import { type ByteReader, byteReader } from '../files/byte-reader.ts'
import {
  readBinaryWords,
  readLastTag,
  readModulus,
  readSafeHeader,
  safeHeader,
} from '../files/tfhe-fields.ts'

export const CLIENT_KEY_NAME = 'high_level_api::ClientKey'
const BIG_DIMENSION = 2048
const SMALL_DIMENSION = 918
const SQUASH_DIMENSION = 4096
/** log2 of the failure probability of the default parameters, as its f64. */
const LOG2_P_FAIL = [0x3b, 0xdf, 0x4f, 0x8d, 0x97, 0x32, 0x60, 0xc0]

/** The secrets of a TfheClientKey: words of 0 or 1, little endian. `wipe` them. */
export type ClientKey = {
  /** 2048 words of 64 bits: the key that big-key ciphertexts are under. */
  readonly key64: Uint8Array
  /** 4096 words of 128 bits: the noise-squashing key, or null. */
  readonly key128: Uint8Array | null
  /** Whether the key has parameters of its own for the compact public key (needed for proven lists). */
  readonly dedicatedCompactKey: boolean
  /** Byte that says whether a squash key follows: where `spliceSquashKey` inserts. */
  readonly squashOffset: number
}

/**
 * Strict parser of tfhe 1.6 and 1.7 client keys under the default parameters (31458 B), or with dedicated compact public key parameters
 * (47998 B), each with or without a squash key (+65704 B). Throws FormatError: FHE-TYPE, FHE-TRUNCATED, FHE-TRAILING, FHE-FIELD. A key word
 * in place of a field is refused with the same rule and detail for either value, so that neither reveals a key bit.
 */
export function parseClientKey(bytes: Uint8Array): ClientKey {
  const reader = byteReader(bytes, { secret: true })
  const name = readSafeHeader(reader)
  if (name !== CLIENT_KEY_NAME) throw new FormatError('FHE-TYPE', 'not a client key')
  reader.u32s('client key', 1, 8, 0, 1, 0, 0, 0, 0)
  length(reader, 'big key', BIG_DIMENSION)
  const key64 = readBinaryWords(reader, 'big key', BIG_DIMENSION, 8)
  let key128: Uint8Array | null = null
  try {
    reader.versioned('polynomial size', BIG_DIMENSION)
    reader.u32s('small key', 0)
    length(reader, 'small key', SMALL_DIMENSION)
    wipe(readBinaryWords(reader, 'small key', SMALL_DIMENSION, 8))
    readParameters(reader)
    option(reader, 'wopbs key', false)
    const dedicatedCompactKey = reader.u8('compact private key')
    if (dedicatedCompactKey > 1) throw new FormatError('FHE-FIELD', 'compact private key: no option')
    if (dedicatedCompactKey === 1) readCompactPrivateKey(reader)
    option(reader, 'compression key', false)
    const squashOffset = reader.offset
    if (reader.u8('squash key') === 1) key128 = readSquashKey(reader)
    else if (bytes[squashOffset] !== 0) throw new FormatError('FHE-FIELD', 'squash key: no option')
    option(reader, 'squash compression key', false)
    option(reader, 're-randomisation key', false)
    option(reader, 'OPRF key', true)
    reader.u32s('OPRF key', 0, 0, 0, 0, 0)
    length(reader, 'OPRF key', SMALL_DIMENSION)
    wipe(readBinaryWords(reader, 'OPRF key', SMALL_DIMENSION, 8))
    readLastTag(reader)
    return { key64, key128, dedicatedCompactKey: dedicatedCompactKey === 1, squashOffset }
  } catch (error) {
    wipe(key64)
    if (key128) wipe(key128)
    throw error
  }
}

/**
 * The client key with a noise-squashing key in its bytes, which the wasm API has no option for; tfhe's own
 * `safe_deserialize` accepts it. `bits` is 512 random bytes: 4096 key bits, least significant first.
 * Throws FormatError FHE-SQUASH-PRESENT when the key has one.
 */
export function spliceSquashKey(clientKey: Uint8Array, bits: Uint8Array): Uint8Array {
  if (bits.length !== SQUASH_DIMENSION / 8)
    throw new RangeError(`bits: expected 512 bytes, got ${bits.length}`)
  const { key64, key128, squashOffset } = parseClientKey(clientKey)
  wipe(key64)
  if (key128) {
    wipe(key128)
    throw new FormatError('FHE-SQUASH-PRESENT', 'the client key already has a squash key')
  }
  const words = new Uint8Array(SQUASH_DIMENSION * 16)
  for (let i = 0; i < SQUASH_DIMENSION; i++) words[16 * i] = ((bits[i >> 3] ?? 0) >> (i & 7)) & 1
  const spliced = concatBytes(
    clientKey.subarray(0, squashOffset),
    Uint8Array.of(1),
    SQUASH_HEAD,
    words,
    SQUASH_PARAMETERS,
    clientKey.subarray(squashOffset + 1),
  )
  wipe(words)
  return spliced
}

/** The 512 bytes of a squash key from a 16-byte seed: ChaCha20(HMAC-SHA-256(seed, "lux-fhe/v1/squash-key")). */
export function squashKeyFromSeed(seed: Uint8Array): Uint8Array {
  if (seed.length !== 16) throw new RangeError(`seed: expected 16 bytes, got ${seed.length}`)
  const key = hmacSha256(seed, utf8('lux-fhe/v1/squash-key'))
  const bits = chacha20(key, new Uint8Array(12), new Uint8Array(SQUASH_DIMENSION / 8))
  wipe(key)
  return bits
}

const vn = (n: number): Uint8Array => concatBytes(u32(0), u64(n))
const u32s = (...ns: readonly number[]): Uint8Array => concatBytes(...ns.map(u32))
const SQUASH_HEAD = concatBytes(u32s(0, 0, 0), u64(SQUASH_DIMENSION))
/** Squash parameters: glwe dimension 2, N 2048, TUniform(30), base 24, level 3, message and carry modulus 4. */
const SQUASH_PARAMETERS = concatBytes(
  vn(2048),
  u32s(2, 0, 0),
  vn(2),
  vn(2048),
  u32s(0, 1, 0, 30),
  vn(24),
  vn(3),
  u32s(0, 2),
  vn(4),
  vn(4),
  u32s(0, 0, 0, 0, 0),
  u64(128),
)

function readSquashKey(reader: ByteReader): Uint8Array {
  reader.expect('squash key', SQUASH_HEAD)
  const words = readBinaryWords(reader, 'squash key', SQUASH_DIMENSION, 16)
  reader.expect('squash parameters', SQUASH_PARAMETERS)
  return words
}

function readParameters(reader: ByteReader): void {
  reader.u32s('parameters', 0, 0, 2)
  reader.versioned('small dimension', SMALL_DIMENSION)
  reader.versioned('GLWE dimension', 1)
  reader.versioned('polynomial size', BIG_DIMENSION)
  reader.u32s('small key noise', 0, 1, 0, 45)
  reader.u32s('big key noise', 0, 1, 0, 17)
  for (const value of [23, 1, 4, 4, 4, 4, 5]) reader.versioned('PBS parameters', value)
  reader.expect('failure probability', Uint8Array.from(LOG2_P_FAIL))
  readModulus(reader, 64)
  reader.u32s('key choice', 0, 0)
  reader.u32s('modulus switch', 0, 2)
}

function readCompactPrivateKey(reader: ByteReader): void {
  reader.u32s('compact private key', 0, 0, 0)
  length(reader, 'compact private key', BIG_DIMENSION)
  wipe(readBinaryWords(reader, 'compact private key', BIG_DIMENSION, 8))
  // One name: which of the two a key word too many meets is told by its bit.
  reader.u32s('compact dimension', 1)
  reader.versioned('compact dimension', BIG_DIMENSION)
  reader.u32s('compact noise', 0, 1, 0, 17)
  reader.versioned('compact message modulus', 4)
  reader.versioned('compact carry modulus', 4)
  readModulus(reader, 64)
  reader.u32s('compact expansion and proof', 1, 0, 0, 2)
  reader.u32s('compact key switch', 0)
  reader.versioned('compact key switch', 4)
  reader.versioned('compact key switch', 4)
  reader.u32s('compact destination', 0, 1)
}

function length(reader: ByteReader, what: string, expected: number): void {
  if (reader.u64(what) !== BigInt(expected))
    throw new FormatError('FHE-FIELD', `${what}: not ${expected} words`)
}

function option(reader: ByteReader, what: string, present: boolean): void {
  if (reader.u8(what) !== (present ? 1 : 0)) {
    throw new FormatError('FHE-FIELD', `${what}: ${present ? 'missing' : 'not expected'}`)
  }
}

/** A client key's header, for whoever only needs to know what a file is. */
export const CLIENT_KEY_HEADER = safeHeader(CLIENT_KEY_NAME)
