import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  aesGcmOpen,
  aesGcmSeal,
  aesKwpUnwrap,
  aesKwpWrap,
  aesKwUnwrap,
  aesKwWrap,
  concatBytes,
  fromHex,
  toHex,
} from '../src/index.ts'
import { vectorJson, type Wycheproof } from './vectors.ts'

type Rfc = { kek: string; key: string; wrapped: string }
type Nist = { K: string; P?: string; C: string; fail?: boolean }
type Wrap = { key: string; msg: string; ct: string }

const mechanisms = [
  {
    name: 'KW',
    wrap: aesKwWrap,
    unwrap: aesKwUnwrap,
    rfc: 'rfc3394',
    wycheproof: 'aes_wrap_test',
    count: 165,
  },
  {
    name: 'KWP',
    wrap: aesKwpWrap,
    unwrap: aesKwpUnwrap,
    rfc: 'rfc5649',
    wycheproof: 'aes_kwp_test',
    count: 254,
  },
] as const

describe.each(mechanisms)('AES-$name', ({ name, wrap, unwrap, rfc, wycheproof, count }) => {
  test('gives the vectors of its RFC', () => {
    for (const { kek, key, wrapped } of vectorJson<Rfc[]>(`rfc/${rfc}.json`)) {
      expect(toHex(wrap(fromHex(kek), fromHex(key)))).toBe(wrapped)
      expect(toHex(unwrap(fromHex(kek), fromHex(wrapped)))).toBe(key)
    }
  })

  test('gives the answers of NIST, refusals included', () => {
    const all = vectorJson<Record<string, Nist[]>>('nist/key-wrap.json')
    let refused = 0
    for (const [group, cases] of Object.entries(all)) {
      if (!group.startsWith(`${name}_`)) continue
      for (const { K, P, C, fail } of cases) {
        if (fail) {
          expect(() => unwrap(fromHex(K), fromHex(C))).toThrow('UNWRAP-INTEGRITY')
          refused++
        } else {
          expect(toHex(unwrap(fromHex(K), fromHex(C)))).toBe(P)
          expect(toHex(wrap(fromHex(K), fromHex(P!)))).toBe(C)
        }
      }
    }
    expect(refused).toBeGreaterThan(20)
  })

  test('gives the answers of Wycheproof', () => {
    let run = 0
    for (const { tests } of vectorJson<Wycheproof<object, Wrap>>(`wycheproof/${wycheproof}.json`)
      .testGroups) {
      for (const { key, msg, ct, result, comment } of tests) {
        run++
        if (result === 'valid') {
          expect(toHex(unwrap(fromHex(key), fromHex(ct))), comment).toBe(msg)
          expect(toHex(wrap(fromHex(key), fromHex(msg))), comment).toBe(ct)
        } else {
          expect(() => unwrap(fromHex(key), fromHex(ct)), comment).toThrow('UNWRAP-')
        }
      }
    }
    expect(run).toBe(count)
  })

  test('any flipped byte and any other KEK is refused', () => {
    const blocks = fc
      .uint8Array({ minLength: 16, maxLength: 64 })
      .map((raw) => raw.slice(0, raw.length - (raw.length % 8)))
    const kek = fc.uint8Array({ minLength: 32, maxLength: 32 })
    fc.assert(
      fc.property(kek, blocks, fc.nat(), fc.integer({ min: 1, max: 255 }), (key, secret, at, flip) => {
        const wrapped = wrap(key, secret)
        expect(unwrap(key, wrapped)).toEqual(secret)
        const changed = wrapped.slice()
        changed[at % changed.length]! ^= flip
        expect(() => unwrap(key, changed)).toThrow('UNWRAP-INTEGRITY')
        const other = key.slice()
        other[at % other.length]! ^= flip
        expect(() => unwrap(other, wrapped)).toThrow('UNWRAP-INTEGRITY')
      }),
    )
  })

  test('lengths out of bounds are refused before any work', () => {
    expect(() => wrap(new Uint8Array(17), new Uint8Array(16))).toThrow(RangeError)
    expect(() => wrap(new Uint8Array(16), new Uint8Array(0))).toThrow(RangeError)
    expect(() => wrap(new Uint8Array(16), new Uint8Array(70_000))).toThrow(RangeError)
    for (const size of [0, 8, 23, 25, 65_544]) {
      expect(() => unwrap(new Uint8Array(16), new Uint8Array(size))).toThrow('UNWRAP-LENGTH')
    }
  })
})

describe('AES-GCM', () => {
  test('gives the answers of Wycheproof for 12-byte nonces and refuses every other nonce', () => {
    let run = 0
    let otherNonces = 0
    type Gcm = { key: string; iv: string; aad: string; msg: string; ct: string; tag: string }
    for (const { tests } of vectorJson<Wycheproof<object, Gcm>>('wycheproof/aes_gcm_test.json').testGroups) {
      for (const { key, iv, aad, msg, ct, tag, result, comment } of tests) {
        const open = () =>
          aesGcmOpen(fromHex(key), fromHex(iv), concatBytes(fromHex(ct), fromHex(tag)), fromHex(aad))
        if (iv.length !== 24) {
          expect(open, comment).toThrow(RangeError)
          otherNonces++
        } else if (result === 'valid') {
          expect(toHex(open()), comment).toBe(msg)
          expect(toHex(aesGcmSeal(fromHex(key), fromHex(iv), fromHex(msg), fromHex(aad))), comment).toBe(
            ct + tag,
          )
        } else {
          expect(open, comment).toThrow('GCM-INTEGRITY')
        }
        run++
      }
    }
    expect(run).toBe(316)
    expect(otherNonces).toBeLessThan(run / 2)
  })

  test('any flipped byte of ciphertext, tag or associated data is refused', () => {
    const key = new Uint8Array(32).fill(1)
    const nonce = new Uint8Array(12)
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.uint8Array({ minLength: 1, maxLength: 9 }),
        fc.nat(),
        (plain, aad, at) => {
          const sealed = aesGcmSeal(key, nonce, plain, aad)
          expect(aesGcmOpen(key, nonce, sealed, aad)).toEqual(plain)
          const changed = sealed.slice()
          changed[at % changed.length]! ^= 4
          expect(() => aesGcmOpen(key, nonce, changed, aad)).toThrow('GCM-INTEGRITY')
          expect(() => aesGcmOpen(key, nonce, sealed, aad.subarray(1))).toThrow('GCM-INTEGRITY')
          expect(() => aesGcmOpen(key, nonce, sealed.subarray(0, 15), aad)).toThrow('GCM-LENGTH')
        },
      ),
    )
  })
})
