import { expect, test } from 'vitest'
import { concatBytes, deterministicEntropy, toHex } from '../src/index.ts'

test('test entropy is the ChaCha20 key stream, in whatever pieces it is drawn', () => {
  const seed = new Uint8Array(32).fill(9)
  const whole = deterministicEntropy(seed).bytes(400)
  const entropy = deterministicEntropy(seed)
  expect(concatBytes(...[1, 63, 64, 65, 0, 130, 77].map((n) => entropy.bytes(n)))).toEqual(whole)
  expect(toHex(deterministicEntropy(new Uint8Array(32)).bytes(8))).toBe('76b8e0ada0f13d90')
})

test('another seed gives other bytes, and misuse throws', () => {
  expect(deterministicEntropy(new Uint8Array(32)).bytes(32)).not.toEqual(
    deterministicEntropy(new Uint8Array(32).fill(1)).bytes(32),
  )
  expect(() => deterministicEntropy(new Uint8Array(31))).toThrow(RangeError)
  expect(() => deterministicEntropy(new Uint8Array(32)).bytes(-1)).toThrow(RangeError)
})
