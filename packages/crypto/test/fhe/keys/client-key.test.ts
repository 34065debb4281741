import fc from 'fast-check'
import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { parseClientKey, spliceSquashKey, squashKeyFromSeed } from '../../../src/fhe/keys/client-key.ts'
import { FormatError } from '../../../src/format-error.ts'
import { sha256Hex } from '../../../src/hash.ts'
import { entropyOf, LIMIT, realClientKey, withSquashKey } from '../fixture.ts'

const plain = realClientKey().bytes
const dedicated = realClientKey(true).bytes
const kinds = [
  ['default', plain, 31_458, false, false],
  ['dedicated', dedicated, 47_998, false, true],
  ['default, squash', withSquashKey(plain), 97_162, true, false],
  ['dedicated, squash', withSquashKey(dedicated), 113_702, true, true],
] as const

describe.each(kinds)('a client key, %s', (_, bytes, size, squash, dedicatedCompactKey) => {
  test('parses at its exact size, and tfhe carries it unchanged', () => {
    expect(bytes.length).toBe(size)
    const parsed = parseClientKey(bytes)
    expect(parsed.key128 !== null).toBe(squash)
    expect(parsed.dedicatedCompactKey).toBe(dedicatedCompactKey)
    expect(parsed.key64.length).toBe(16_384)
    const again = tfhe.TfheClientKey.safe_deserialize(bytes, LIMIT).safe_serialize(LIMIT)
    expect(sha256Hex(again)).toBe(sha256Hex(bytes))
  })

  test('a client key cut at any place, or with bytes after it, is refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(() => parseClientKey(bytes.subarray(0, length))).toThrow(FormatError)
      }),
      { numRuns: 60 },
    )
    const longer = new Uint8Array(bytes.length + 1)
    longer.set(bytes)
    expect(() => parseClientKey(longer)).toThrow('FHE-TRAILING')
  })

  test('a client key with any changed bit is refused, unless the bit is a value of the key', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const changed = bytes.slice()
        changed[at]! ^= 1 << bit
        try {
          parseClientKey(changed)
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
          return
        }
        expect(bit).toBe(0)
        expect(bytes[at]! | 1).toBe(1)
      }),
      { numRuns: 300 },
    )
  })
})

test('every byte of the parameters behind the keys is pinned', () => {
  for (let at = 23_851; at < 24_073; at++) {
    const changed = plain.slice()
    changed[at]! ^= 0x40
    expect(() => parseClientKey(changed), `byte ${at}`).toThrow(FormatError)
  }
})

test('the squash key is spliced at the byte that says there is none, bits least significant first', () => {
  const bits = entropyOf(3).bytes(512)
  expect(parseClientKey(plain).squashOffset).toBe(24_070)
  expect(parseClientKey(dedicated).squashOffset).toBe(40_610)
  const { key128 } = parseClientKey(spliceSquashKey(plain, bits))
  for (let i = 0; i < 4096; i++) expect(key128![16 * i]).toBe((bits[i >> 3]! >> (i & 7)) & 1)
  expect(key128!.filter((_, i) => i % 16 !== 0).every((byte) => byte === 0)).toBe(true)
})

test('FHE-SQUASH-PRESENT a second squash key is refused', () => {
  expect(() => spliceSquashKey(withSquashKey(plain), new Uint8Array(512))).toThrow('FHE-SQUASH-PRESENT')
  expect(() => spliceSquashKey(plain, new Uint8Array(511))).toThrow(RangeError)
})

test('a seed gives the same squash key and the same tfhe key every time', () => {
  const seed = entropyOf(4).bytes(16)
  expect(squashKeyFromSeed(seed)).toEqual(squashKeyFromSeed(seed))
  const number = 0x1234_5678_9abc_def0n
  const make = () =>
    tfhe.TfheClientKey.generate_with_seed(tfhe.TfheConfigBuilder.default().build(), number).safe_serialize(
      LIMIT,
    )
  expect(sha256Hex(make())).toBe(sha256Hex(make()))
})

test('FHE-TYPE what is no client key is refused before anything is read', () => {
  const { key } = realClientKey()
  const other = tfhe.FheUint8.encrypt_with_client_key(1, key).safe_serialize(LIMIT)
  expect(() => parseClientKey(other)).toThrow('FHE-TYPE')
  expect(() => parseClientKey(new Uint8Array(0))).toThrow('FHE-TYPE')
})
