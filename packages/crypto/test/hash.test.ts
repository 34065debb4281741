import { createHash, createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  createSha256,
  fromHex,
  hkdfSha256,
  hmacSha256,
  sha256,
  sha256Hex,
  toHex,
} from '../src/index.ts'
import { vectorJson, type Wycheproof } from './vectors.ts'

describe('hashes', () => {
  test('SHA-256 over parts, a stream and the whole agree with the host', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (parts) => {
        const whole = concatBytes(...parts)
        const expected = createHash('sha256').update(whole).digest('hex')
        const stream = createSha256()
        for (const part of parts) stream.update(part)
        expect(sha256Hex(...parts)).toBe(expected)
        expect(toHex(stream.digest())).toBe(expected)
        expect(sha256(whole)).toEqual(fromHex(expected))
      }),
    )
  })

  test('HMAC-SHA-256 gives the answer of RFC 4231 and agrees with the host', () => {
    for (const { key, message, mac } of vectorJson<{ key: string; message: string; mac: string }[]>(
      'rfc/rfc4231-hmac.json',
    )) {
      expect(toHex(hmacSha256(fromHex(key), fromHex(message)))).toBe(mac)
    }
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (key, message) => {
        expect(toHex(hmacSha256(key, message))).toBe(createHmac('sha256', key).update(message).digest('hex'))
      }),
    )
  })

  test('HKDF-SHA-256 gives the answers of RFC 5869 and Wycheproof', () => {
    type Case = { ikm: string; salt: string; info: string; okm: string }
    const [a1] = vectorJson<(Case & { length: number })[]>('rfc/rfc5869-hkdf.json')
    const derive = ({ ikm, salt, info }: Case, size: number) =>
      toHex(hkdfSha256(fromHex(ikm), fromHex(salt), fromHex(info), size))
    expect(derive(a1!, a1!.length)).toBe(a1!.okm)
    let run = 0
    for (const { tests } of vectorJson<Wycheproof<object, Case & { size: number }>>(
      'wycheproof/hkdf_sha256_test.json',
    ).testGroups) {
      for (const one of tests) {
        if (one.result === 'valid') expect(derive(one, one.size), one.comment).toBe(one.okm)
        else expect(() => derive(one, one.size), one.comment).toThrow()
        run++
      }
    }
    expect(run).toBe(86)
  })
})
