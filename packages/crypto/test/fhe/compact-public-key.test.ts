import tfhe from 'node-tfhe'
import { describe, expect, test } from 'vitest'
import { checkCompactPublicKey } from '../../src/fhe/index.ts'
import { vectorBytes } from '../vectors.ts'
import { LIMIT, realClientKey, withSquashKey } from './fixture.ts'

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

  test('belongs to the client key that it was made with, with a squash key as without', () => {
    expect(rule(bytes, publicKey)).toBe('belongs')
    expect(rule(withSquashKey(bytes), publicKey)).toBe('belongs')
    const second = tfhe.TfheCompactPublicKey.new(key).safe_serialize(LIMIT)
    expect(Buffer.from(second).equals(publicKey)).toBe(false)
    expect(rule(bytes, second)).toBe('belongs')
  })

  test('FHE-PUBLIC-KEY-OTHER belongs to no other, whatever its parameters', () => {
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

  test('FHE-TYPE, FHE-TRUNCATED, FHE-FIELD what is none is refused by name', () => {
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
