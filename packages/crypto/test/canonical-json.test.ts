import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalString, encodeCanonical, type Json, parseCanonical, utf8 } from '../src/index.ts'
import { vectorBytes } from './vectors.ts'

const limit = { maxBytes: 100_000 }
const key = fc.string({ unit: 'binary', maxLength: 6 }).filter((name) => name !== '__proto__')
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constant(null),
    fc.boolean(),
    fc.maxSafeInteger().map((n) => n + 0),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value

const noMinusZero = json.filter(
  (value) => !JSON.stringify(value, (_, v) => (Object.is(v, -0) ? 'MINUS' : v)).includes('MINUS'),
)

describe('canonical JSON', () => {
  test.each(['rfc8785-sorting', 'rfc8785-strings'])('%s of RFC 8785 is its own canonical form', (name) => {
    const bytes = vectorBytes(`rfc/${name}.json`)
    expect(encodeCanonical(parseCanonical(bytes, limit))).toEqual(bytes)
  })

  test('RFC 8785 sorts by UTF-16 code units, whatever the order of making', () => {
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
    expect(Object.values(JSON.parse(canonicalString(value)) as object)).toEqual([4, 2, 6, 7, 1, 5, 3])
    expect(canonicalString(value)).toBe(
      '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}',
    )
  })

  test('every value comes back, and encodes to the same bytes', () => {
    fc.assert(
      fc.property(noMinusZero, (value) => {
        const bytes = encodeCanonical(value)
        expect(parseCanonical(bytes, limit)).toEqual(value)
      }),
    )
  })

  test('JSON-SYNTAX says of a document that was cut anywhere that it ends too early, and of no other', () => {
    const whole = canonicalString({ a: ['x"\\', { b: null }], c: 'y', d: -12 })
    const said = (text: string) => {
      try {
        return parseCanonical(utf8(text), limit)
      } catch (error) {
        return String(error)
      }
    }
    for (let length = 0; length < whole.length; length++)
      expect(said(whole.slice(0, length)), whole.slice(0, length)).toMatch(/JSON-SYNTAX: .*ends too early/)
    for (const text of ['[1,]', 'NaN', '{"a":1}}', '{"a" 1}', '"a" "b"'])
      expect(said(text), text).toBe('FormatError: JSON-SYNTAX: not JSON')
  })

  test('a changed byte is refused or is another value', () => {
    fc.assert(
      fc.property(noMinusZero, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, at, flip) => {
        const bytes = encodeCanonical(value)
        bytes[at % bytes.length]! ^= flip
        let parsed: Json
        try {
          parsed = parseCanonical(bytes, limit)
        } catch {
          return
        }
        expect(encodeCanonical(parsed)).toEqual(bytes)
        expect(parsed).not.toEqual(value)
      }),
    )
  })

  test.each([
    ['{"a":1,"a":1}', 'JSON-NOT-CANONICAL'],
    ['{"b":1,"a":1}', 'JSON-NOT-CANONICAL'],
    ['{"a": 1}', 'JSON-NOT-CANONICAL'],
    ['[1]\n', 'JSON-NOT-CANONICAL'],
    ['1.0', 'JSON-NOT-CANONICAL'],
    ['1e2', 'JSON-NOT-CANONICAL'],
    ['"\\u0041"', 'JSON-NOT-CANONICAL'],
    ['"\\/"', 'JSON-NOT-CANONICAL'],
    ['1.5', 'JSON-NUMBER'],
    ['-0', 'JSON-NUMBER'],
    ['9007199254740992', 'JSON-NUMBER'],
    ['1e400', 'JSON-NUMBER'],
    ['"\\ud800"', 'JSON-STRING'],
    ['{"\\udc00":1}', 'JSON-STRING'],
    ['{"__proto__":1}', 'JSON-KEY'],
    ['[1,]', 'JSON-SYNTAX'],
    ['', 'JSON-SYNTAX'],
    ['\ufeff1', 'JSON-SYNTAX'],
    ['NaN', 'JSON-SYNTAX'],
  ])('%j is refused by %s', (text, rule) => {
    expect(() => parseCanonical(utf8(text), limit)).toThrow(rule)
  })

  test('JSON-DEPTH 64 levels are taken and 65 refused', () => {
    expect(() => parseCanonical(utf8('['.repeat(64) + ']'.repeat(64)), limit)).not.toThrow()
    expect(() => parseCanonical(utf8('['.repeat(65) + ']'.repeat(65)), limit)).toThrow('JSON-DEPTH')
    expect(() => parseCanonical(utf8('['.repeat(50_000) + ']'.repeat(50_000)), limit)).toThrow(
      /JSON-(DEPTH|SYNTAX)/,
    )
  })

  test('JSON-SIZE one byte over the limit is refused', () => {
    expect(parseCanonical(utf8('[1]'), { maxBytes: 3 })).toEqual([1])
    expect(() => parseCanonical(utf8('[1]'), { maxBytes: 2 })).toThrow('JSON-SIZE')
  })

  test('what has no JSON form is refused when encoding', () => {
    for (const value of [
      undefined,
      { a: undefined },
      [undefined],
      new Array(1),
      1n,
      new Map(),
      new Uint8Array(1),
      () => 1,
    ]) {
      expect(() => canonicalString(value as unknown as Json)).toThrow('JSON-TYPE')
    }
    for (const value of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, -0]) {
      expect(() => canonicalString(value)).toThrow('JSON-NUMBER')
    }
  })
})
