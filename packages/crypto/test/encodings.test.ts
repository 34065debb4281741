import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromBase64, fromBase64Url, fromHex, toBase64, toBase64Url, toHex } from '../src/index.ts'

const bytes = fc.uint8Array({ maxLength: 100 })

describe('encodings', () => {
  test('each encoding gives what Node’s Buffer gives, and decodes to the same bytes', () => {
    fc.assert(
      fc.property(bytes, (raw) => {
        const host = Buffer.from(raw)
        expect(toHex(raw)).toBe(host.toString('hex'))
        expect(toBase64(raw)).toBe(host.toString('base64'))
        expect(toBase64Url(raw)).toBe(host.toString('base64url'))
        expect(fromHex(toHex(raw))).toEqual(raw)
        expect(fromBase64(toBase64(raw))).toEqual(raw)
        expect(fromBase64Url(toBase64Url(raw))).toEqual(raw)
      }),
    )
  })

  test('whatever text is taken is the only text of its bytes', () => {
    const text = fc.string({ unit: fc.constantFrom(...'ABab01+/-_=\n '), maxLength: 8 })
    fc.assert(
      fc.property(text, (given) => {
        for (const [decode, encode] of [
          [fromBase64, toBase64],
          [fromBase64Url, toBase64Url],
          [fromHex, toHex],
        ] as const) {
          let raw: Uint8Array
          try {
            raw = decode(given)
          } catch {
            continue
          }
          expect(encode(raw)).toBe(given)
        }
      }),
      { numRuns: 2000 },
    )
  })

  test.each(['QQ', 'QQ=', 'QR==', 'QQ== ', 'Q===', '====', 'QUJDRA', 'QUI', 'QUJ=', 'QU-=', 'é==='])(
    'base64 %j is refused',
    (text) => {
      expect(() => fromBase64(text)).toThrow('BASE64-MALFORMED')
    },
  )

  test.each(['AB', 'a', '0g', 'é0', ' 0'])('hexadecimal %j is refused', (text) => {
    expect(() => fromHex(text)).toThrow('HEX-MALFORMED')
  })

  test('a wrong length is refused before anything is decoded', () => {
    expect(() => fromHex('zzzz', 1)).toThrow('HEX-LENGTH')
    expect(() => fromBase64('!!!!', 4)).toThrow('BASE64-LENGTH')
    expect(() => fromBase64Url('QQ==')).toThrow('BASE64URL-MALFORMED')
  })
})
