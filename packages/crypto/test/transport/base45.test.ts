import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromUtf8, utf8 } from '../../src/index.ts'
import { fromBase45, toBase45 } from '../../src/transport/index.ts'
import { vectorJson } from '../vectors.ts'

const examples = vectorJson<{ bytes: string; text: string }[]>('rfc/rfc9285-base45.json')
const most = 4096

test.each(examples)('Base45 of $bytes is $text, as in RFC 9285', ({ bytes, text }) => {
  expect(toBase45(utf8(bytes))).toBe(text)
  expect(fromUtf8(fromBase45(text, most))).toBe(bytes)
})

test('Base45 comes back, with three characters for two bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = toBase45(bytes)
      expect(text.length).toBe(Math.ceil((bytes.length * 3) / 2))
      expect(fromBase45(text, most)).toEqual(bytes)
    }),
  )
})

test('whatever Base45 is taken is the only text of its bytes', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0AFGWZz :%ıİ\n'), maxLength: 8 })
  fc.assert(
    fc.property(text, (given) => {
      let bytes: Uint8Array
      try {
        bytes = fromBase45(given, most)
      } catch {
        return
      }
      expect(toBase45(bytes)).toBe(given)
    }),
    { numRuns: 2000 },
  )
})

test.each([
  ['A', 'a single character is left over'],
  ['GGW', 'the group at 0 is beyond 65535'],
  [':::', 'the group at 0 is beyond 65535'],
  ['FGWU5', 'nothing'],
  ['FGWV5', 'the group at 3 is beyond 255'],
  ['bb8', 'a foreign character at 0'],
  ['BBı', 'a foreign character at 2'],
  ['BB8\n', 'a single character is left over'],
  ['B=', 'a foreign character at 1'],
])('Base45 %j: %s is wrong', (text, wrong) => {
  if (wrong === 'nothing') expect(fromBase45(text, most)).toEqual(new Uint8Array([255, 255, 255]))
  else expect(() => fromBase45(text, most)).toThrow(`BASE45-MALFORMED: ${wrong}`)
})

test('Base45 of more bytes than are allowed is refused before its characters are looked at', () => {
  expect(() => fromBase45('????????', 4)).toThrow('BASE45-MALFORMED: 5 bytes, more than 4')
  expect(() => fromBase45('?????', 3)).toThrow('BASE45-MALFORMED: a foreign character')
})

test('Base45 is the same in upper case of any locale, a Turkish one too', () => {
  const text = toBase45(Uint8Array.from({ length: 512 }, (_, i) => (i * 37) & 0xff))
  expect(text).toMatch(/I/)
  for (const locale of ['tr', 'az', 'lt', 'en']) expect(text.toLocaleUpperCase(locale)).toBe(text)
})
