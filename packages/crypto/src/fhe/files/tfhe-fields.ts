import { concatBytes, fromUtf8, utf8 } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { u32, u64 } from '../../sharing/little-endian.ts'
import type { ByteReader } from './byte-reader.ts'

const SERIALIZATION = concatBytes(u64(3), utf8('0.5'), u32(0), u64(3), utf8('0.1'))
const MAX_NAME = 128
/** Longest tag or re-randomisation metadata taken of a ciphertext. */
const MAX_TAG = 1024

/** tfhe's safe-serialize header: u64 3 "0.5", u32 0, u64 3 "0.1", u64 length, name. */
export function safeHeader(name: string): Uint8Array {
  return concatBytes(SERIALIZATION, u64(utf8(name).length), utf8(name))
}

/** The name in a safe-serialize header. Throws FormatError FHE-TYPE for anything else. */
export function readSafeHeader(reader: ByteReader): string {
  try {
    reader.expect('header', SERIALIZATION)
    return fromUtf8(reader.take(reader.count('name length', MAX_NAME), 'name'))
  } catch {
    throw new FormatError('FHE-TYPE', 'not a file of tfhe safe_serialize 0.5')
  }
}

/** Native modulus 2^bits: u32 0, u128 0, u64 bits. */
export function readModulus(reader: ByteReader, bits: number): void {
  reader.u32s('modulus', 0, 0, 0, 0, 0)
  if (reader.u64('modulus') !== BigInt(bits)) throw new FormatError('FHE-FIELD', `modulus: not 2^${bits}`)
}

/** u32 0, u64 length, bytes. */
export function readTag(reader: ByteReader, what: string): Uint8Array {
  reader.u32s(what, 0)
  return reader.take(reader.count(`${what} length`, MAX_TAG), what)
}

/** u32 0, u64 length, and a tag to the end of the file. Where a key has a word too many, the refusal is the same for either bit. */
export function readLastTag(reader: ByteReader): void {
  const length = reader.left - 12
  const fits = reader.u32('tag') === 0 && reader.u64('tag') === BigInt(length)
  if (fits && length <= MAX_TAG) return
  if (length > 0) throw new FormatError('FHE-TRAILING', `${length} bytes that are not the key's tag`)
  throw new FormatError('FHE-FIELD', 'tag: not as the format has it')
}

/** `count` words of 0 or 1, little endian, `size` bytes each. The refusal does not say where. */
export function readBinaryWords(reader: ByteReader, what: string, count: number, size: number): Uint8Array {
  const words = reader.take(count * size, what)
  let stray = 0
  for (let i = 0; i < words.length; i++) stray |= i % size === 0 ? (words[i] ?? 0) & 0xfe : (words[i] ?? 0)
  if (stray !== 0) {
    words.fill(0)
    throw new FormatError('FHE-FIELD', `${what}: a word is neither 0 nor 1`)
  }
  return words
}
