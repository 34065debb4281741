import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { concatBytes, equalBytes, fromUtf8, lp, u16be, u32be, u64be, utf8, wipe } from '../src/index.ts'

const bytes = fc.uint8Array({ maxLength: 64 })

describe('bytes', () => {
  test('concatBytes keeps every byte in order', () => {
    fc.assert(
      fc.property(fc.array(bytes), (parts) => {
        expect([...concatBytes(...parts)]).toEqual(parts.flatMap((part) => [...part]))
      }),
    )
  })

  test('equalBytes is equality, whatever byte differs', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (a, at, flip) => {
          const b = a.slice()
          expect(equalBytes(a, b)).toBe(true)
          b[at % b.length]! ^= flip
          expect(equalBytes(a, b)).toBe(false)
          expect(equalBytes(a, a.subarray(1))).toBe(false)
        },
      ),
    )
  })

  test('text of any well-formed string comes back', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(fromUtf8(utf8(text))).toBe(text)
      }),
    )
    expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf))).toBe('\ufeff')
  })

  test('a lone surrogate and malformed UTF-8 are refused', () => {
    expect(() => utf8('\ud800')).toThrow(RangeError)
    for (const bad of [[0xff], [0xc0, 0x80], [0xed, 0xa0, 0x80], [0xe2, 0x82]]) {
      expect(() => fromUtf8(Uint8Array.from(bad))).toThrow('UTF8-MALFORMED')
    }
  })

  test('integers are most significant byte first and refused when they do not fit', () => {
    expect([...u16be(0x0102)]).toEqual([1, 2])
    expect([...u32be(0xfffefdfc)]).toEqual([0xff, 0xfe, 0xfd, 0xfc])
    expect([...u64be(2n ** 64n - 1n)]).toEqual(Array(8).fill(255))
    expect([...u64be(Number.MAX_SAFE_INTEGER)]).toEqual([0, 0x1f, 255, 255, 255, 255, 255, 255])
    expect(() => u16be(65536)).toThrow(RangeError)
    expect(() => u32be(-1)).toThrow(RangeError)
    expect(() => u64be(2n ** 64n)).toThrow(RangeError)
    expect(() => u64be(2 ** 53)).toThrow(RangeError)
    expect(() => u32be(0.5)).toThrow(RangeError)
  })

  test('lp puts the length, in four bytes, before the bytes', () => {
    expect([...lp(Uint8Array.of(7, 8))]).toEqual([0, 0, 0, 2, 7, 8])
  })

  test('wipe overwrites every byte with zero', () => {
    const secret = Uint8Array.of(1, 2, 3)
    wipe(secret)
    expect([...secret]).toEqual([0, 0, 0])
  })
})
