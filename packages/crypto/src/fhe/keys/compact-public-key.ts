import { wipe } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import { type ByteReader, byteReader } from '../files/byte-reader.ts'
import { readLastTag, readModulus, readSafeHeader } from '../files/tfhe-fields.ts'
import { parseClientKey } from './client-key.ts'

const N = 2048
/** Where the words of a dedicated compact private key stand: all before them has one length, as `parseClientKey` has it. */
const COMPACT_PRIVATE_KEY = 24_089
/** TUniform(17), of both parameter sets. */
const NOISE_LOG2 = 17
const NOISE = 2 ** NOISE_LOG2
/** The least number of different words in a mask, by 32 of their bits. A uniform mask has fewer once in 10^30 keys. */
const DIFFERENT = 2040

/**
 * Checks that a compact public key (a, b) belongs to this client key s. All 2048 coefficients of b - a s have to be noise. The words of a
 * have to differ: for a mask of zeros, of small words or of halves, anybody knows a s without s. Takes 20 to 50 ms. Ciphertexts under
 * another's key open for no holder; those under a poor mask hide nothing. The check does not ask which mask somebody with the client key
 * chose. Refusals: FHE-PUBLIC-KEY-MASK · FHE-PUBLIC-KEY-OTHER · those of `parseCompactPublicKey`. Throws FormatError for a client key that
 * does not parse.
 */
export function checkCompactPublicKey(clientKey: Uint8Array, publicKey: Uint8Array): Outcome<null> {
  const { key64, key128, dedicatedCompactKey } = parseClientKey(clientKey)
  if (key128) wipe(key128)
  const words = dedicatedCompactKey
    ? clientKey.subarray(COMPACT_PRIVATE_KEY, COMPACT_PRIVATE_KEY + 8 * N)
    : key64
  const bits = Uint8Array.from({ length: N }, (_, i) => words[8 * i] ?? 0)
  wipe(key64)
  try {
    const { mask, body, dedicated } = parseCompactPublicKey(publicKey)
    if (!isUniform(mask))
      return refuse(
        'FHE-PUBLIC-KEY-MASK',
        'the compact public key has a mask that is not random: what is encrypted with it can be read without a key',
      )
    return dedicated === dedicatedCompactKey && isNoise(mask, body, bits)
      ? accept(null)
      : refuse('FHE-PUBLIC-KEY-OTHER', 'the compact public key is of another client key')
  } catch (error) {
    if (error instanceof FormatError) return refuse(error.rule, error.detail)
    throw error
  } finally {
    wipe(bits)
  }
}

export type CompactPublicKey = {
  /** 2 N words of 64 bits, the halves of each: the mask a, and the body b. */
  readonly mask: Uint32Array
  readonly body: Uint32Array
  /** True: under the parameters that proven lists need. False: under those of the client key's big key. */
  readonly dedicated: boolean
}

/**
 * Strict parser of tfhe 1.7's serialized CompactPublicKey, under the default parameters (33034 B) or dedicated ones
 * (33018 B), and as much longer as its tag is: every other byte is a word of the key or a constant. tfhe's own reader takes other
 * parameters and bytes behind the end, and so a key whose noise was switched off. Throws FormatError: FHE-TYPE, FHE-TRUNCATED, FHE-TRAILING, FHE-FIELD.
 */
export function parseCompactPublicKey(bytes: Uint8Array): CompactPublicKey {
  const reader = byteReader(bytes)
  if (readSafeHeader(reader) !== 'high_level_api::CompactPublicKey')
    throw new FormatError('FHE-TYPE', 'not a compact public key')
  reader.u32s('compact public key', 1, 0, 0, 1, 0, 0)
  if (reader.u64('words') !== BigInt(2 * N)) throw new FormatError('FHE-FIELD', `words: not ${2 * N}`)
  const mask = readHalves(reader)
  const body = readHalves(reader)
  reader.versioned('dimension', N)
  readModulus(reader, 64)
  reader.u32s('parameters', 1)
  reader.versioned('encryption dimension', N)
  reader.u32s('encryption noise', 0, 1, 0, NOISE_LOG2)
  reader.versioned('message modulus', 4)
  reader.versioned('carry modulus', 4)
  readModulus(reader, 64)
  reader.u32s('expansion', 1)
  // Whether what is encrypted is cast to the big key first, or is under it as it is.
  const kind = reader.u32('expansion')
  if (kind > 1) throw new FormatError('FHE-FIELD', `expansion: ${kind}, expected 0 or 1`)
  const dedicated = kind === 0
  reader.u32s('expansion', ...(dedicated ? [0, 2] : [0, 0, 0, 0, 0, 0]))
  readLastTag(reader)
  return { mask, body, dedicated }
}

function readHalves(reader: ByteReader): Uint32Array {
  const bytes = reader.take(8 * N, 'words')
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return Uint32Array.from({ length: 2 * N }, (_, i) => view.getUint32(4 * i, true))
}

/** Bits 24 to 55 of the words: neither where noise is nor where halves, quarters and their like are. */
function isUniform(mask: Uint32Array): boolean {
  const middles = Array.from(
    { length: N },
    (_, i) => ((mask[2 * i + 1] ?? 0) << 8) | ((mask[2 * i] ?? 0) >>> 24),
  )
  return new Set(middles).size >= DIFFERENT
}

/**
 * tfhe's `slice_semi_reverse_negacyclic_convolution`: coefficient k of a s is the sum over i <= k of a_i s_{N-1-k+i}, less that over
 * i > k of a_i s_{i-k-1}. A sum of 2048 halves is below 2^44, so exact. Noise is what 2^17 more makes a word of 0 to 2^18. No
 * secret decides a branch or an address here, and none becomes a BigInt; doubles of them an engine may keep (THRESHOLD-FHE section 8).
 */
function isNoise(mask: Uint32Array, body: Uint32Array, bits: Uint8Array): boolean {
  let far = 0
  for (let k = 0; k < N; k++) {
    let [low, high] = [body[2 * k] ?? 0, body[2 * k + 1] ?? 0]
    for (let i = 0; i < N; i++) {
      const bit = bits[i <= k ? N - 1 - k + i : i - k - 1] ?? 0
      if (i <= k) {
        low -= bit * (mask[2 * i] ?? 0)
        high -= bit * (mask[2 * i + 1] ?? 0)
      } else {
        low += bit * (mask[2 * i] ?? 0)
        high += bit * (mask[2 * i + 1] ?? 0)
      }
    }
    low += NOISE
    const carry = Math.floor(low / 2 ** 32)
    far |= Number((high + carry) % 2 ** 32 !== 0) | Number(low - carry * 2 ** 32 > 2 * NOISE)
  }
  return far === 0
}
