import fc from 'fast-check'
import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { decodePhases } from '../../../src/fhe/decryption/decode.ts'
import { ciphertextDigest, parseCiphertext } from '../../../src/fhe/files/ciphertext.ts'
import { safeHeader } from '../../../src/fhe/files/tfhe-fields.ts'
import { parseClientKey } from '../../../src/fhe/keys/client-key.ts'
import { FormatError } from '../../../src/format-error.ts'
import { toHex } from '../../../src/hex.ts'
import { dense, wordsOf } from '../../sharing/reference.ts'
import { LIMIT, realClientKey, squashedFile, withSquashKey } from '../fixture.ts'

const { key, bytes: keyBytes } = realClientKey()
const { key64 } = parseClientKey(keyBytes)
const { key128 } = parseClientKey(withSquashKey(keyBytes))
const u8 = tfhe.FheUint8.encrypt_with_client_key(200, key).safe_serialize(LIMIT)

/** Decrypts with the whole key, densely. */
function decrypt(bytes: Uint8Array) {
  const ciphertext = parseCiphertext(bytes)
  const { width } = ciphertext
  const words = wordsOf(width === 64 ? key64 : key128!, width)
  const phases = ciphertext.blocks.map(({ mask, body }) =>
    BigInt.asUintN(width, wordsOf(body, width)[0]! - dense(wordsOf(mask, width), words, width)),
  )
  const value = decodePhases(ciphertext, phases)
  if (!value.ok) throw new Error(value.rule)
  return value.value
}

describe('fresh ciphertexts of tfhe', () => {
  test.each([
    ['FheUint8', 66_101, () => u8, 200n],
    ['FheInt64', 528_100, () => tfhe.FheInt64.encrypt_with_client_key(-5n, key).safe_serialize(LIMIT), -5n],
    [
      'FheUint64',
      528_101,
      () => tfhe.FheUint64.encrypt_with_client_key(2n ** 64n - 1n, key).safe_serialize(LIMIT),
      2n ** 64n - 1n,
    ],
    ['FheInt8', 66_100, () => tfhe.FheInt8.encrypt_with_client_key(-128, key).safe_serialize(LIMIT), -128n],
    ['FheBool', 16_593, () => tfhe.FheBool.encrypt_with_client_key(true, key).safe_serialize(LIMIT), true],
    ['FheBool', 16_593, () => tfhe.FheBool.encrypt_with_client_key(false, key).safe_serialize(LIMIT), false],
  ])('%s of %i bytes decrypts to its value with the parsed key', (_, size, make, expected) => {
    const bytes = make()
    expect(bytes.length).toBe(size)
    expect(decrypt(bytes)).toBe(expected)
  })
})

test.each([
  ['Uint', 200n, 8, 131_382],
  ['Uint', 2n ** 64n - 2n, 64, 1_050_230],
  ['Int', -7n, 64, 1_050_229],
  ['Int', -2n, 6, 131_381],
  ['Bool', 1n, 1, 65_734],
] as const)('squashed %s %i of %i bits has %i bytes and decrypts', (kind, value, bits, size) => {
  const bytes = squashedFile(key128!, kind, value, bits)
  expect(bytes.length).toBe(size)
  expect(decrypt(bytes)).toBe(kind === 'Bool' ? value === 1n : value)
})

/** Header of 34 bytes, name, three u32. */
const BLOCK_COUNT_AT = { fresh: 34 + 23 + 12, squashed: 34 + 36 + 12 }

describe.each([
  ['fresh', u8],
  ['squashed', squashedFile(key128!, 'Uint', 99n, 8)],
])('a %s ciphertext', (_, bytes) => {
  test('a ciphertext cut at any place, or with bytes after it, is refused', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (length) => {
        expect(() => parseCiphertext(bytes.subarray(0, length))).toThrow(FormatError)
      }),
      { numRuns: 60 },
    )
    const longer = new Uint8Array(bytes.length + 1)
    longer.set(bytes)
    expect(() => parseCiphertext(longer)).toThrow('FHE-TRAILING')
  })

  test('a length that lies is refused before anything of its size exists', () => {
    const at = BLOCK_COUNT_AT[bytes === u8 ? 'fresh' : 'squashed']
    for (const lie of [0n, 1n, 1025n, 2n ** 40n, 2n ** 64n - 1n]) {
      const changed = bytes.slice()
      new DataView(changed.buffer).setBigUint64(at, lie, true)
      expect(() => parseCiphertext(changed)).toThrow(FormatError)
    }
  })

  test('any changed byte is refused or changes the digest, save for degree, noise level and tag', () => {
    const digest = toHex(ciphertextDigest(parseCiphertext(bytes)))
    let kept = 0
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), (at) => {
        const changed = bytes.slice()
        changed[at]! ^= 1
        try {
          if (toHex(ciphertextDigest(parseCiphertext(changed))) === digest) kept++
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }),
      { numRuns: 150 },
    )
    expect(kept).toBeLessThan(5)
  })
})

test('forged degree and noise level are taken and are not part of the digest', () => {
  const before = toHex(ciphertextDigest(parseCiphertext(u8)))
  const degree = BLOCK_COUNT_AT.fresh + 8 + 16 + 2049 * 8 + 28 + 4
  for (const at of [degree, degree + 12]) {
    const forged = u8.slice()
    forged[at]! ^= 0x55
    expect(toHex(ciphertextDigest(parseCiphertext(forged)))).toBe(before)
  }
})

test('FHE-TYPE a key is no ciphertext', () => {
  expect(() => parseCiphertext(keyBytes)).toThrow('FHE-TYPE')
  expect(() => parseCiphertext(new Uint8Array(100))).toThrow('FHE-TYPE')
})

test.each([
  ['CompressedFheUint8', tfhe.CompressedFheUint8.encrypt_with_client_key(200, key), 200n],
  ['CompressedFheInt8', tfhe.CompressedFheInt8.encrypt_with_client_key(-3, key), -3n],
  ['CompressedFheBool', tfhe.CompressedFheBool.encrypt_with_client_key(true, key), true],
] as const)(
  'FHE-TYPE a %s is said to be compressed, and is taken once it is decompressed',
  (_, made, value) => {
    expect(() => parseCiphertext(made.safe_serialize(LIMIT))).toThrow(
      /FHE-TYPE.*it is compressed.*decompress/,
    )
    expect(decrypt(made.decompress().safe_serialize(LIMIT))).toBe(value)
  },
)

test('FHE-TYPE a compressed list is said to be compressed, a compressed key to be no ciphertext', () => {
  const named = (name: string) => safeHeader(`high_level_api::${name}`)
  expect(() => parseCiphertext(named('CompressedCiphertextList'))).toThrow('it is compressed')
  expect(() => parseCiphertext(named('CompressedServerKey'))).toThrow('not an integer or boolean ciphertext')
})

test('FHE-POST-DECOMPRESSION a squashed ciphertext of that state is refused', () => {
  const bytes = squashedFile(key128!, 'Uint', 1n, 8)
  bytes[bytes.length - 16]! = 1
  expect(() => parseCiphertext(bytes)).toThrow('FHE-POST-DECOMPRESSION')
})

test('FHE-BLOCK-COUNT an original count that does not fit the blocks is refused', () => {
  const bytes = squashedFile(key128!, 'Uint', 1n, 8)
  bytes[bytes.length - 28]! = 5
  expect(() => parseCiphertext(bytes)).toThrow('FHE-BLOCK-COUNT')
})

describe('decoding', () => {
  const delta = 1n << 59n
  test('FHE-PADDING and FHE-BOOL-RANGE refuse what no honest ciphertext holds', () => {
    const meta = { kind: 'uint', bits: 2, width: 64 } as const
    expect(decodePhases(meta, [16n * delta])).toMatchObject({ rule: 'FHE-PADDING' })
    expect(decodePhases({ ...meta, kind: 'bool', bits: 1 }, [2n * delta])).toMatchObject({
      rule: 'FHE-BOOL-RANGE',
    })
  })
  test('FHE-NOISE a phase one beyond the bound is refused on either side, and one at the bound is not', () => {
    const meta = { kind: 'uint', bits: 2, width: 64 } as const
    const bound = 3n << 56n
    for (const value of [0n, 3n, 15n]) {
      for (const sign of [1n, -1n]) {
        const phase = (noise: bigint) => [BigInt.asUintN(64, value * delta + sign * noise)]
        expect(decodePhases({ ...meta, bits: 4 }, phase(bound), bound)).toEqual({ ok: true, value })
        expect(decodePhases(meta, phase(bound + 1n), bound)).toMatchObject({ rule: 'FHE-NOISE' })
        expect(decodePhases({ ...meta, bits: 4 }, phase(bound + 1n))).toEqual({ ok: true, value })
      }
    }
    const bool = { kind: 'bool', bits: 1, width: 64 } as const
    expect(decodePhases(bool, [delta + bound + 1n], bound)).toMatchObject({ rule: 'FHE-NOISE' })
  })
  test('a zero with negative noise is a zero', () => {
    expect(decodePhases({ kind: 'uint', bits: 2, width: 64 }, [2n ** 64n - 5n])).toEqual({
      ok: true,
      value: 0n,
    })
  })
  test('carries are added in, least significant block first', () => {
    expect(decodePhases({ kind: 'uint', bits: 4, width: 64 }, [7n * delta, 2n * delta])).toEqual({
      ok: true,
      value: 15n,
    })
  })
})
