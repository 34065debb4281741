import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  ecSpkiFromSec1,
  fromBase64Url,
  keyFingerprint,
  rsaFromSpki,
  rsaSpki,
  sec1FromEcSpki,
  sha256Hex,
} from '../../src/index.ts'

describe.each(['P-256', 'P-384'] as const)('SubjectPublicKeyInfo of %s', (curve) => {
  const spki = new Uint8Array(
    generateKeyPairSync('ec', { namedCurve: curve }).publicKey.export({ type: 'spki', format: 'der' }),
  )

  test('is that of the host, both ways', () => {
    expect(ecSpkiFromSec1(curve, sec1FromEcSpki(curve, spki))).toEqual(spki)
    expect(keyFingerprint(spki)).toBe(sha256Hex(spki))
  })

  test('any flipped byte, a cut and an extra byte are refused', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = spki.slice()
        changed[at % changed.length]! ^= flip
        expect(() => sec1FromEcSpki(curve, changed)).toThrow(/^SPKI-/)
      }),
    )
    expect(() => sec1FromEcSpki(curve, spki.subarray(1))).toThrow('SPKI-SHAPE')
    expect(() => sec1FromEcSpki(curve, Uint8Array.of(...spki, 0))).toThrow('SPKI-POINT')
    expect(() => sec1FromEcSpki(curve === 'P-256' ? 'P-384' : 'P-256', spki)).toThrow('SPKI-SHAPE')
  })
})

describe('SubjectPublicKeyInfo of RSA', () => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  const { n, e } = publicKey.export({ format: 'jwk' })
  const key = { modulus: fromBase64Url(n!), exponent: fromBase64Url(e!) }

  test('is that of the host, both ways', () => {
    expect(rsaSpki(key)).toEqual(spki)
    expect(rsaSpki({ ...key, modulus: Uint8Array.of(0, ...key.modulus) })).toEqual(spki)
    expect(rsaFromSpki(spki)).toEqual(key)
  })

  test('a flipped byte is refused or is another key of the same form', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const changed = spki.slice()
        changed[at % changed.length]! ^= flip
        try {
          expect(rsaSpki(rsaFromSpki(changed))).toEqual(changed)
        } catch (error) {
          expect(String(error)).toMatch(/SPKI-/)
          return
        }
        expect(
          createPublicKey({ key: Buffer.from(changed), format: 'der', type: 'spki' }).asymmetricKeyType,
        ).toBe('rsa')
      }),
    )
    for (const bad of [
      new Uint8Array(0),
      spki.subarray(0, -1),
      Uint8Array.of(...spki, 0),
      new Uint8Array(2000).fill(0x30),
    ]) {
      expect(() => rsaFromSpki(bad)).toThrow('SPKI-SHAPE')
    }
  })

  test('an RSA key with a weak modulus or exponent is refused', () => {
    const even = key.modulus.slice()
    even[even.length - 1]! &= 0xfe
    expect(() => rsaSpki({ ...key, modulus: even })).toThrow('SPKI-RSA')
    expect(() => rsaSpki({ ...key, modulus: key.modulus.subarray(1) })).toThrow('SPKI-RSA')
    for (const exponent of [[3], [1, 0, 0], [0, 255, 255], []]) {
      expect(() => rsaSpki({ ...key, exponent: Uint8Array.from(exponent) })).toThrow('SPKI-RSA')
    }
  })
})
