import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { inspect, parseClientKey } from '../../src/fhe/index.ts'
import { readSecretKey } from '../../src/fhe/keys/secret-key.ts'
import { FormatError } from '../../src/format-error.ts'
import { realClientKey, withSquashKey } from './fixture.ts'

// A key word too many moves what follows the key, so that its bit is read where a field should stand.

const plain = realClientKey().bytes
const dedicated = withSquashKey(realClientKey(true).bytes)
const { key64, key128, squashOffset } = parseClientKey(dedicated)
const endOf = (bytes: Uint8Array, words: Uint8Array) => Buffer.from(bytes).indexOf(words) + words.length
const bigEnd = endOf(dedicated, key64)
/** Of the words in the file: name, bytes of a word, and the end of the last one. */
const integerKeys = [
  ['big key', dedicated, 8, bigEnd],
  // u32 0, u64 polynomial size, u32 0 and u64 length stand between.
  ['small key', dedicated, 8, bigEnd + 24 + 8 * 918],
  // Its parameters have 136 bytes; one says that there is no compression key.
  ['compact private key', dedicated, 8, squashOffset - 137],
  ['squash key', dedicated, 16, endOf(dedicated, key128!)],
  ['OPRF key', dedicated, 8, dedicated.length - 12],
  ['OPRF key of a plain one', plain, 8, plain.length - 12],
] as const
const sets = [0, 1, 2, 3].map((set) => {
  const bytes = tfhe.Boolean.serialize_client_key(
    tfhe.Boolean.new_client_key(tfhe.Boolean.get_parameters(set)),
  )
  const small = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const ring = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8 + 4 * small, true)
  return { bytes, small: 8 + 4 * small, ring: 16 + 4 * (small + ring) }
})

/** The key with more words of these bits at a place. */
function longer(bytes: Uint8Array, at: number, size: number, bits: readonly number[]): Uint8Array {
  const words = new Uint8Array(size * bits.length)
  for (const [i, bit] of bits.entries()) words[size * i] = bit
  return new Uint8Array(Buffer.concat([bytes.subarray(0, at), words, bytes.subarray(at)]))
}

function refusal(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array): string {
  try {
    read(bytes)
  } catch (error) {
    if (error instanceof FormatError) return `${error.rule}: ${error.detail}`
    throw error
  }
  throw new Error('taken')
}

/** What is said of up to three words too many, whatever their bits are. */
function said(read: (bytes: Uint8Array) => unknown, bytes: Uint8Array, at: number, size: number): string[] {
  const all = [1, 2, 3].flatMap((count) =>
    Array.from({ length: 2 ** count }, (_, bits) =>
      longer(
        bytes,
        at,
        size,
        Array.from({ length: count }, (__, i) => (bits >> i) & 1),
      ),
    ),
  )
  return all.map((one) => refusal(read, one).replace(/ \d+ bytes /, ' some bytes '))
}

describe.each(integerKeys)('after the %s of a client key', (name, bytes, size, at) => {
  test('FHE-FIELD a word too many is refused in the same words for either bit', () => {
    const last = bytes.subarray(at - size, at)
    expect(last.every((byte, i) => byte <= (i === 0 ? 1 : 0))).toBe(true)
    for (const read of [readSecretKey, inspect]) {
      const refusals = said(read, bytes, at, size)
      expect(new Set(refusals).size, `${name}: ${refusals.join('; ')}`).toBe(1)
    }
  })
})

describe.each(sets)('a binary key whose small key ends at byte $small', ({ bytes, small, ring }) => {
  test('a word too many in either key is refused in the same words for either bit', () => {
    for (const at of [small, ring]) {
      const refusals = said(readSecretKey, bytes, at, 4)
      expect(new Set(refusals).size, refusals.join('; ')).toBe(1)
      expect(new Set(said(inspect, bytes, at, 4))).toEqual(
        new Set(['FHE-UNKNOWN-FILE: neither a file of tfhe safe_serialize nor one of ours']),
      )
    }
  })
})

test('no number of bytes or words is said but those of the format and of the file', () => {
  for (const [, bytes, size, at] of integerKeys) {
    const numbers = said(readSecretKey, bytes, at, size).flatMap((one) => one.match(/\d+/g) ?? [])
    expect(numbers.filter((one) => one !== '2048' && one !== '918')).toEqual([])
  }
})
