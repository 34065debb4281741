import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { checkCompactPublicKey, parseCompactPublicKey } from '../../../src/fhe/index.ts'
import { parseClientKey } from '../../../src/fhe/keys/client-key.ts'
import { vectorBytes } from '../../vectors.ts'
import { LIMIT, realClientKey, withSquashKey } from '../fixture.ts'

const rule = (clientKey: Uint8Array, publicKey: Uint8Array) => {
  const checked = checkCompactPublicKey(clientKey, publicKey)
  return checked.ok ? 'belongs' : checked.rule
}
/** In front of the words: header, name, and the fields of the format. */
const WORDS = 98

describe.each([
  ['default', false],
  ['dedicated', true],
])('a compact public key under %s parameters', (_, dedicated) => {
  const { key, bytes } = realClientKey(dedicated)
  const publicKey = tfhe.TfheCompactPublicKey.new(key).safe_serialize(LIMIT)
  const parsed = parseClientKey(bytes)
  /** What is said of a key with this mask, and `body` in all coefficients. */
  const made = (mask: (i: number) => bigint, body = 0n) => {
    const changed = publicKey.slice()
    const view = new DataView(changed.buffer, WORDS)
    for (let i = 0; i < 2048; i++) {
      view.setBigUint64(8 * i, mask(i), true)
      view.setBigUint64(8 * (2048 + i), body, true)
    }
    return rule(bytes, changed)
  }

  test('belongs to the client key that it was made with, with a squash key as without', () => {
    expect(rule(bytes, publicKey)).toBe('belongs')
    expect(rule(withSquashKey(bytes), publicKey)).toBe('belongs')
    const second = tfhe.TfheCompactPublicKey.new(key).safe_serialize(LIMIT)
    expect(Buffer.from(second).equals(publicKey)).toBe(false)
    expect(rule(bytes, second)).toBe('belongs')
  })

  test('FHE-PUBLIC-KEY-OTHER belongs to no other client key, whatever its parameters', () => {
    for (const other of [realClientKey(dedicated), realClientKey(!dedicated)])
      expect(rule(other.bytes, publicKey)).toBe('FHE-PUBLIC-KEY-OTHER')
  })

  test('FHE-PUBLIC-KEY-OTHER one changed word of mask or body is found, at any place', () => {
    for (const word of [0, 1000, 2047, 2048, 3000, 4095]) {
      const changed = publicKey.slice()
      changed[WORDS + 8 * word + 3]! ^= 1
      expect(rule(bytes, changed), String(word)).toBe('FHE-PUBLIC-KEY-OTHER')
    }
  })

  test('every byte but the words of the key is a constant of its format, to the last', () => {
    expect(parseCompactPublicKey(publicKey).dedicated).toBe(dedicated)
    const places = Array.from({ length: publicKey.length }, (_, at) => at)
    const others = places.filter((at) => at < WORDS || at >= WORDS + 16 * 2048)
    expect(others.length).toBe(WORDS + (dedicated ? 152 : 168))
    for (const at of others) {
      const changed = publicKey.slice()
      changed[at]! ^= 1
      expect(rule(bytes, changed), String(at)).toBeOneOf(['FHE-TYPE', 'FHE-FIELD', 'FHE-TRUNCATED'])
    }
    expect(rule(bytes, Buffer.concat([publicKey, Buffer.of(0)]))).toBe('FHE-TRAILING')
    expect(rule(bytes, publicKey.subarray(0, -1))).toBe('FHE-TRUNCATED')
    const tagged = Buffer.concat([publicKey, Buffer.from('of the works')])
    tagged.writeUInt32LE(12, publicKey.length - 8)
    expect(rule(bytes, tagged)).toBe('belongs')
    expect(() => tfhe.TfheCompactPublicKey.safe_deserialize(tagged, LIMIT).free()).not.toThrow()
  })

  test('FHE-PUBLIC-KEY-MASK a key made without the client key is refused even where b - a s is small: it hides nothing', () => {
    expect(made(() => 0n)).toBe('FHE-PUBLIC-KEY-MASK')
    expect(
      made((i) => BigInt(i % 64)),
      'a s is below 2^17',
    ).toBe('FHE-PUBLIC-KEY-MASK')
    // a s is half the modulus in every coefficient or in none: one of the two is right.
    for (const body of [0n, 1n << 63n]) expect(made(() => 1n << 63n, body)).toBe('FHE-PUBLIC-KEY-MASK')
  })

  test('FHE-PUBLIC-KEY-MASK 2040 of the 2048 words of a mask differ in bits 24 to 55', () => {
    const first = (repeated: number, shift: bigint) => made((i) => BigInt(Math.max(i, repeated)) << shift)
    for (const shift of [24n, 45n]) {
      expect(first(8, shift)).toBe('FHE-PUBLIC-KEY-OTHER')
      expect(first(9, shift)).toBe('FHE-PUBLIC-KEY-MASK')
    }
    for (const shift of [13n, 56n]) expect(first(0, shift)).toBe('FHE-PUBLIC-KEY-MASK')
  })

  test('FHE-PUBLIC-KEY-OTHER noise of 2^17 passes and one more does not, on either side of any coefficient', () => {
    const s = Array.from({ length: 2048 }, (_, i) =>
      dedicated ? (bytes[24_089 + 8 * i] ?? 0) : (parsed.key64[8 * i] ?? 0),
    )
    const view = new DataView(publicKey.buffer, WORDS)
    for (const k of [0, 1, 1023, 2046, 2047]) {
      // (a X^(N-1-k)) s read at X^(N-1), as tfhe has it: s backwards, and what wraps changes its sign.
      let product = 0n
      for (let i = 0; i < 2048; i++) {
        const at = 2047 - k + i
        if (s[at % 2048]) product += view.getBigUint64(8 * i, true) * (at < 2048 ? 1n : -1n)
      }
      const withNoise = (noise: bigint) => {
        const changed = publicKey.slice()
        new DataView(changed.buffer, WORDS).setBigUint64(
          8 * (2048 + k),
          BigInt.asUintN(64, product + noise),
          true,
        )
        return rule(bytes, changed)
      }
      for (const noise of [-(1n << 17n), -1n, 0n, 1n << 17n]) expect(withNoise(noise)).toBe('belongs')
      for (const noise of [(1n << 17n) + 1n, -(1n << 17n) - 1n, 1n << 32n, -(1n << 32n), 1n << 63n])
        expect(withNoise(noise)).toBe('FHE-PUBLIC-KEY-OTHER')
    }
  })

  test('FHE-TYPE, FHE-TRUNCATED, FHE-FIELD bytes that are no compact public key are refused by their fault', () => {
    expect(rule(bytes, bytes)).toBe('FHE-TYPE')
    expect(rule(bytes, publicKey.subarray(0, 20_000))).toBe('FHE-TRUNCATED')
    const changed = publicKey.slice()
    changed[WORDS - 7]! ^= 1
    expect(rule(bytes, changed)).toBe('FHE-FIELD')
  })
})

test('the native library’s compact public key belongs to the native client key', () => {
  const [clientKey, publicKey] = ['client-key', 'compact-public-key'].map((name) =>
    vectorBytes(`native/${name}.bin`),
  )
  expect(rule(clientKey!, publicKey!)).toBe('belongs')
})
