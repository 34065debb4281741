import { utf8 } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { sha256 } from '../../hash.ts'
import type { Width } from '../../sharing/galois-ring.ts'
import { hashBlocks, type LweBlock } from '../../sharing/kernel.ts'
import { u8, u32 } from '../../sharing/little-endian.ts'
import { type ByteReader, byteReader } from './byte-reader.ts'
import { readModulus, readSafeHeader, readTag } from './tfhe-fields.ts'

export type ValueKind = 'bool' | 'uint' | 'int'

/** One FheUint, FheInt or FheBool (width 64), or its noise-squashed form (width 128). */
export type Ciphertext = {
  readonly kind: ValueKind
  /** Bits of the plaintext: 1 for bool. */
  readonly bits: number
  readonly width: Width
  readonly blocks: readonly LweBlock[]
  /** Application data that tfhe carries along; not part of the digest. */
  readonly tag: Uint8Array
}

/** All that combining needs, in a few hundred bytes. The digest covers the rest. */
export type KnownCiphertext = Pick<Ciphertext, 'kind' | 'bits' | 'width'> & {
  readonly blockCount: number
  readonly digest: Uint8Array
}

/** What is left to know of a ciphertext once its blocks were read and hashed. */
export type SeenCiphertext = KnownCiphertext & { readonly isRounded: boolean }

export const digestOf = (one: Ciphertext | KnownCiphertext): Uint8Array =>
  'digest' in one ? one.digest : ciphertextDigest(one)

export const blockCountOf = (one: Ciphertext | KnownCiphertext): number =>
  'blockCount' in one ? one.blockCount : one.blocks.length

export const MAX_BLOCKS = 1024
const KIND_CODE: Readonly<Record<ValueKind, number>> = { bool: 0, uint: 1, int: 2 }
const KINDS: ReadonlyMap<string, { readonly kind: ValueKind; readonly width: Width }> = new Map([
  ['high_level_api::FheBool', { kind: 'bool', width: 64 }],
  ['high_level_api::FheUint', { kind: 'uint', width: 64 }],
  ['high_level_api::FheInt', { kind: 'int', width: 64 }],
  ['high_level_api::SquashedNoiseFheBool', { kind: 'bool', width: 128 }],
  ['high_level_api::SquashedNoiseFheUint', { kind: 'uint', width: 128 }],
  ['high_level_api::SquashedNoiseFheInt', { kind: 'int', width: 128 }],
])

/** tfhe's forms with a seed in place of the mask, or packed: each gives one or more of KINDS once it is decompressed. */
const COMPRESSED: ReadonlySet<string> = new Set([
  'high_level_api::CompressedFheBool',
  'high_level_api::CompressedFheUint',
  'high_level_api::CompressedFheInt',
  'high_level_api::CompressedCiphertextList',
])

/**
 * Strict parser of tfhe's FheUint, FheInt, FheBool and SquashedNoiseFhe* files: exact dimensions, native modulus, at
 * most 1024 blocks, exact length. Degree and noise level are forgeable and not looked at. Throws FormatError:
 * FHE-TYPE, FHE-TRUNCATED, FHE-TRAILING, FHE-FIELD, FHE-BLOCK-COUNT, FHE-SMALL-KEY, FHE-POST-DECOMPRESSION.
 */
export function parseCiphertext(bytes: Uint8Array): Ciphertext {
  const reader = byteReader(bytes)
  const name = readSafeHeader(reader)
  const type = KINDS.get(name)
  if (!type) throw new FormatError('FHE-TYPE', otherType(name))
  const parsed = type.width === 64 ? readRadix(reader, type.kind) : readSquashed(reader, type.kind)
  reader.end()
  return { ...type, ...parsed }
}

function otherType(name: string): string {
  if (COMPRESSED.has(name)) return 'it is compressed (tfhe): decompress it first, and give what that makes'
  return 'not an integer or boolean ciphertext'
}

/** Digest of what is decrypted: kind, bits, width and every block digest; no tag, degree or container. */
export function ciphertextDigest(ciphertext: Ciphertext): Uint8Array {
  return digestOfBlocks(ciphertext, hashBlocks(ciphertext.width, ciphertext.blocks))
}

/** The same from block digests that are known already, one for each block. */
export function digestOfBlocks(
  { kind, bits, width, blocks }: Ciphertext,
  digests: readonly Uint8Array[],
): Uint8Array {
  return sha256(
    utf8('lux-fhe/v1/ct'),
    u8(KIND_CODE[kind]),
    u32(bits),
    u8(width),
    u32(blocks.length),
    ...digests,
  )
}

type Content = Pick<Ciphertext, 'bits' | 'blocks' | 'tag'>

function readRadix(reader: ByteReader, kind: ValueKind): Content {
  reader.u32s('ciphertext', 2, 0, 0)
  const count = kind === 'bool' ? 1 : blockCount(reader)
  const blocks = Array.from({ length: count }, () => {
    reader.u32s('block', 1, 0)
    const block = readLwe(reader, 2048, 64)
    for (const what of ['degree', 'noise level']) reader.anyVersioned(what)
    readModuli(reader)
    reader.u32s('block', 0, 0, 0)
    if (reader.u32('block order') !== 0) throw new FormatError('FHE-SMALL-KEY', 'a block under the small key')
    return block
  })
  const tag = readTag(reader, 'tag')
  readTag(reader, 're-randomisation metadata')
  return { bits: kind === 'bool' ? 1 : 2 * count, blocks, tag }
}

function readSquashed(reader: ByteReader, kind: ValueKind): Content {
  reader.u32s('ciphertext', 1, 0, 0)
  const count = kind === 'bool' ? 1 : blockCount(reader)
  const blocks = Array.from({ length: count }, () => {
    reader.u32s('block', 0, 0)
    const block = readLwe(reader, 4096, 128)
    reader.anyVersioned('degree')
    readModuli(reader)
    return block
  })
  let bits = 1
  if (kind !== 'bool') {
    const original = reader.count('original block count', MAX_BLOCKS)
    if (Math.ceil(original / 2) !== count) {
      throw new FormatError('FHE-BLOCK-COUNT', `${count} squashed blocks for ${original} blocks`)
    }
    bits = 2 * original
  }
  reader.u32s('state', 0)
  const state = reader.u32('state')
  if (state === 1) throw new FormatError('FHE-POST-DECOMPRESSION', 'squashed after decompression: not taken')
  if (state !== 0) throw new FormatError('FHE-FIELD', `state: ${state}`)
  return { bits, blocks, tag: readTag(reader, 'tag') }
}

function readLwe(reader: ByteReader, dimension: number, width: Width): LweBlock {
  if (reader.u64('LWE size') !== BigInt(dimension + 1)) {
    throw new FormatError('FHE-FIELD', `LWE size: expected ${dimension + 1}`)
  }
  const mask = reader.take((dimension * width) / 8, 'mask')
  const body = reader.take(width / 8, 'body')
  readModulus(reader, width)
  return { mask, body }
}

function readModuli(reader: ByteReader): void {
  reader.versioned('message modulus', 4)
  reader.versioned('carry modulus', 4)
}

function blockCount(reader: ByteReader): number {
  const count = reader.count('block count', MAX_BLOCKS)
  if (count === 0) throw new FormatError('FHE-BLOCK-COUNT', 'no block')
  return count
}
