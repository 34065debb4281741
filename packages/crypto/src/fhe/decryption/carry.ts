import { concatBytes, utf8 } from '../../bytes.ts'
import { FormatError } from '../../format-error.ts'
import { accept, type Outcome, refuse } from '../../outcome.ts'
import type { LweBlock } from '../../sharing/kernel.ts'
import { u8, u32, u64 } from '../../sharing/little-endian.ts'
import { byteReader } from '../files/byte-reader.ts'
import { type Ciphertext, MAX_BLOCKS, type SeenCiphertext, type ValueKind } from '../files/ciphertext.ts'

export const CARRIED_MAGIC = 'lux-car1'
const WORD = 16
const KEPT = 9
const DROPPED = WORD - KEPT
const WORDS = 4097
const KINDS: readonly ValueKind[] = ['bool', 'uint', 'int']

/** Whether every request of a key carries its squashed ciphertexts rounded: one block must not have two digests. */
export type Carrying = 'always' | 'never'

/** Every word rounded to a multiple of 2^56: v' = ((v + 2^55) >> 56 << 56) mod 2^128. Adds at most 2^67 + 2^55. */
export function roundForCarrying(ciphertext: Ciphertext): Ciphertext {
  if (ciphertext.width !== 128) throw new RangeError('ciphertext: only a squashed one is rounded')
  return {
    ...ciphertext,
    blocks: ciphertext.blocks.map(({ mask, body }) => ({ mask: round(mask), body: round(body) })),
  }
}

/** Whether every word is a multiple of 2^56; by chance that is one in 2^229000. */
export function isRounded({ blocks }: Ciphertext): boolean {
  return blocks.every(({ mask, body }) => [mask, body].every(hasZeros))
}

/** Whether squashed ciphertexts are as the key's policy says. Refuses FHE-CARRY-UNROUNDED, FHE-CARRY-ROUNDED. */
export function checkCarrying(
  ciphertexts: readonly (Ciphertext | SeenCiphertext)[],
  carrying: Carrying,
): Outcome<null> {
  for (const [i, ciphertext] of ciphertexts.entries()) {
    if (ciphertext.width === 64) continue
    const rounded = 'isRounded' in ciphertext ? ciphertext.isRounded : isRounded(ciphertext)
    if (carrying === 'always' && !rounded) {
      return refuse('FHE-CARRY-UNROUNDED', `ciphertext ${i + 1} is not rounded, and this key's always are`)
    }
    if (carrying === 'never' && rounded) {
      return refuse('FHE-CARRY-ROUNDED', `ciphertext ${i + 1} is rounded, and this key's never are`)
    }
  }
  return accept(null)
}

/** `lux-car1`, u8 kind, u32 bits, u64 blocks, 4097 x 9 B of each: 37 KB a block instead of 66. Throws RangeError when not rounded. */
export function encodeCarried(ciphertext: Ciphertext): Uint8Array {
  if (ciphertext.width !== 128 || !isRounded(ciphertext)) throw new RangeError('ciphertext: not rounded')
  const { kind, bits, blocks } = ciphertext
  return concatBytes(
    utf8(CARRIED_MAGIC),
    u8(KINDS.indexOf(kind)),
    u32(bits),
    u64(blocks.length),
    ...blocks.flatMap(({ mask, body }) => [keep(mask), keep(body)]),
  )
}

/** Throws FormatError: FHE-TYPE, FHE-FIELD, FHE-BLOCK-COUNT, FHE-TRUNCATED, FHE-TRAILING. */
export function parseCarried(bytes: Uint8Array): Ciphertext {
  const reader = byteReader(bytes)
  try {
    reader.expect('magic', utf8(CARRIED_MAGIC))
  } catch {
    throw new FormatError('FHE-TYPE', `not a ${CARRIED_MAGIC} file`)
  }
  const kind = KINDS[reader.u8('kind')]
  if (!kind) throw new FormatError('FHE-FIELD', 'kind: unknown')
  const bits = reader.u32('bits')
  const count = reader.count('block count', MAX_BLOCKS)
  const fits =
    kind === 'bool' ? bits === 1 && count === 1 : bits > 0 && bits % 2 === 0 && count === Math.ceil(bits / 4)
  if (!fits) throw new FormatError('FHE-BLOCK-COUNT', `${count} squashed blocks for ${bits} bits`)
  const blocks = Array.from({ length: count }, (): LweBlock => {
    const words = widen(reader.take(KEPT * WORDS, 'block'))
    return { mask: words.slice(0, -WORD), body: words.slice(-WORD) }
  })
  reader.end()
  return { kind, bits, width: 128, blocks, tag: new Uint8Array(0) }
}

function round(words: Uint8Array): Uint8Array {
  const rounded = new Uint8Array(words.length)
  for (let at = 0; at < words.length; at += WORD) {
    // 2^55 is the top bit of the highest dropped byte; the carry runs through the kept ones and off the end.
    let carry = (words[at + DROPPED - 1] ?? 0) >> 7
    for (let i = at + DROPPED; i < at + WORD; i++) {
      const sum = (words[i] ?? 0) + carry
      rounded[i] = sum
      carry = sum >> 8
    }
  }
  return rounded
}

function hasZeros(words: Uint8Array): boolean {
  return words.every((byte, i) => i % WORD >= DROPPED || byte === 0)
}

function keep(words: Uint8Array): Uint8Array {
  return words.filter((_, i) => i % WORD >= DROPPED)
}

function widen(kept: Uint8Array): Uint8Array {
  const words = new Uint8Array((kept.length / KEPT) * WORD)
  for (let from = 0, to = DROPPED; from < kept.length; from += KEPT, to += WORD) {
    words.set(kept.subarray(from, from + KEPT), to)
  }
  return words
}
