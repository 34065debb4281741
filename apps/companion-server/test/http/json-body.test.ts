import { expect, test } from 'vitest'
import { parseJsonBody } from '../../src/platform/http/json-body.ts'

const size = 2 << 20
const filled = (before: string, unit: string, after: string) =>
  `${before}${unit.repeat(Math.floor((size - before.length - after.length) / unit.length))}${after}`

/** The least processor time of some tries, in microseconds: what else the machine does only adds to it. */
function cost(work: () => unknown): number {
  const tries = Array.from({ length: 3 }, () => {
    const before = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(before)
    return user + system
  })
  return Math.min(...tries)
}

test.each([
  ['the value "constructor" beside a long list', filled('{"a":"constructor","b":[0', ',0', ']}')],
  ['many such values', filled('{"a":[0', ',"constructor" ', ']}')],
  ['"__proto__" as a value, beside objects', filled('{"a":"__proto__","b":[0', ',{"c":1}', ']}')],
  ['escapes', filled('{"a":"', '\\u005f', '"}')],
  ['escaped beginnings of the name', filled('{"a":[0', ',"\\u005f_\\u0070roto"', ']}')],
  ['nesting', filled('{"a":"constructor","b":[0', ',[[[[[[[[0]]]]]]]]', ']}')],
  ['white space', filled('{"a":"constructor"', ' ', '}')],
])('BODY-NOT-JSON 2 MiB cost about what reading them alone costs: %s', (_name, text) => {
  const plain = cost(() => JSON.parse(text))
  // Twice is the claim; what takes less than 5 ms is no attack.
  expect(cost(() => parseJsonBody(text))).toBeLessThan(4 * Math.max(plain, 5000))
})

test('BODY-NOT-JSON a member that would write into what objects inherit is refused, however it is spelt', () => {
  for (const name of ['__proto__', 'constructor', '\\u005f_proto__', '__pr\\u006Fto__', 'c\\u006fnstructor'])
    for (const text of [`{"${name}":1}`, `{"a":[{"b":1,"${name}" \n:{}}]}`])
      expect(() => parseJsonBody(text), text).toThrow(SyntaxError)
  for (const text of ['{', '{"a":1', '', '{"__proto__"}'])
    expect(() => parseJsonBody(text)).toThrow(SyntaxError)
  for (const value of ['constructor', { a: '__proto__' }, { constructors: ['"constructor":'] }])
    expect(parseJsonBody(JSON.stringify(value))).toEqual(value)
})

test('BODY-NOT-JSON an object with two members of one name is refused, however they are spelt', () => {
  for (const text of [
    '{"plaintext":"a","plaintext":"b"}',
    '{"a":[{"b":{},"b":[]}]}',
    '{"a":1,"\\u0061":2}',
    '{"a":":","a" \n : "\\":"}',
  ])
    expect(() => parseJsonBody(text), text).toThrow(SyntaxError)
  for (const text of [
    '{"a":"\\":","b":{"a":":"}}',
    '[{"a":1},{"a":2}]',
    '{"a\\\\":1,"a":2}',
    '":"',
    '{"":{}}',
  ])
    expect(parseJsonBody(text)).toEqual(JSON.parse(text))
})
