import { equalBytes, type Outcome } from '@lux/crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tags } from '../../../../src/doors/kmip/codec/tags.ts'
import {
  decodeItem,
  defaultLimits,
  encodeItem,
  type Item,
  itemLength,
} from '../../../../src/doors/kmip/codec/ttlv.ts'
import { changes, items, spoil } from '../support/hostile.ts'
import { kmipVectors } from '../support/vectors.ts'

const hex = (text: string) => new Uint8Array(Buffer.from(text.replaceAll(/[ |]/g, ''), 'hex'))
const asHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const said = (outcome: Outcome<unknown>) => (outcome.ok ? 'ok' : `${outcome.rule}: ${outcome.detail}`)
const decoded = (bytes: Uint8Array): Item => {
  const outcome = decodeItem(bytes)
  if (!outcome.ok) throw new Error(outcome.detail)
  return outcome.value
}

// The examples of the specification (KMIP 1.4, 9.1.2), and for what it has none the smallest of its kind.
test.each<[string, string, Item]>([
  ['integer 8', '420020|02|00000004|0000000800000000', { tag: 0x420020, type: 'integer', value: 8 }],
  [
    'long integer 123456789000000000',
    '420020|03|00000008|01B69B4BA5749200',
    { tag: 0x420020, type: 'long-integer', value: 123456789000000000n },
  ],
  [
    'big integer 1234567890000000000000000000',
    '420020|04|00000010|0000000003FD35EB6BC2DF4618080000',
    { tag: 0x420020, type: 'big-integer', value: 1234567890000000000000000000n },
  ],
  [
    'enumeration 255',
    '420020|05|00000004|000000FF00000000',
    { tag: 0x420020, type: 'enumeration', value: 255 },
  ],
  ['boolean', '420020|06|00000008|0000000000000001', { tag: 0x420020, type: 'boolean', value: true }],
  [
    'text Hello World',
    '420020|07|0000000B|48656C6C6F20576F726C640000000000',
    { tag: 0x420020, type: 'text-string', value: 'Hello World' },
  ],
  [
    'bytes 010203',
    '420020|08|00000003|0102030000000000',
    { tag: 0x420020, type: 'byte-string', value: Uint8Array.of(1, 2, 3) },
  ],
  [
    'date-time',
    '420020|09|00000008|0000000047DA67F8',
    { tag: 0x420020, type: 'date-time', value: 0x47da67f8n },
  ],
  [
    'interval of ten days',
    '420020|0A|00000004|000D2F0000000000',
    { tag: 0x420020, type: 'interval', value: 864_000 },
  ],
  [
    'a structure of two',
    '420020|01|00000020|420004|05|00000004|000000FE00000000|420005|02|00000004|000000FF00000000',
    {
      tag: 0x420020,
      type: 'structure',
      value: [
        { tag: 0x420004, type: 'enumeration', value: 254 },
        { tag: 0x420005, type: 'integer', value: 255 },
      ],
    },
  ],
  [
    'extended date-time before 1970',
    '420020|0B|00000008|FFFFFFFFFFFFFFFF',
    { tag: 0x420020, type: 'date-time-extended', value: -1n },
  ],
  ['integer -1', '420020|02|00000004|FFFFFFFF00000000', { tag: 0x420020, type: 'integer', value: -1 }],
  ['big integer 0', '420020|04|00000008|0000000000000000', { tag: 0x420020, type: 'big-integer', value: 0n }],
  [
    'big integer -2^63, in eight bytes',
    '420020|04|00000008|8000000000000000',
    { tag: 0x420020, type: 'big-integer', value: -(2n ** 63n) },
  ],
  [
    'big integer 2^63, in sixteen',
    '420020|04|00000010|00000000000000008000000000000000',
    { tag: 0x420020, type: 'big-integer', value: 2n ** 63n },
  ],
  ['an empty structure', '420020|01|00000000', { tag: 0x420020, type: 'structure', value: [] }],
  ['empty text', '420020|07|00000000', { tag: 0x420020, type: 'text-string', value: '' }],
])('KMIP-TTLV the known bytes of %s', (_, bytes, item) => {
  expect(decoded(hex(bytes))).toEqual(item)
  expect(asHex(encodeItem(item))).toBe(asHex(hex(bytes)))
})

test('KMIP-TTLV every message of the OASIS cases comes out byte-equal', () => {
  const vectors = kmipVectors()
  expect(vectors.length * 2).toBe(7730)
  const unequal = vectors.flatMap(({ name, request, response }) =>
    [request, response].every((bytes) => equalBytes(encodeItem(decoded(bytes)), bytes)) ? [] : [name],
  )
  expect(unequal).toEqual([])
})

test('KMIP-TTLV what is encoded is decoded to the same', () => {
  fc.assert(
    fc.property(items, (item) => {
      const bytes = encodeItem(item)
      expect(decoded(bytes)).toEqual(item)
      const length = itemLength(bytes.subarray(0, 8))
      expect(length.ok && length.value).toBe(bytes.length)
    }),
    { numRuns: 1000 },
  )
})

test('KMIP-TTLV what is taken is canonical: spoiled messages are refused or come out byte-equal', () => {
  const sources = kmipVectors().map(({ request }) => request)
  // Drawing costs more than decoding: what is drawn is used on twenty messages each.
  const drawn = fc.sample(changes, 5000)
  let refused = 0
  for (let index = 0; index < 100_000; index++) {
    const source = sources[(index * 31 + Math.floor(index / drawn.length) * 977) % sources.length]
    const change = drawn[index % drawn.length]
    if (source === undefined || change === undefined) throw new Error('nothing is drawn')
    const bytes = spoil(source, change)
    const outcome = decodeItem(bytes)
    if (outcome.ok) {
      if (!equalBytes(encodeItem(outcome.value), bytes)) throw new Error(`not canonical: ${asHex(bytes)}`)
      continue
    }
    refused++
    const words = said(outcome)
    if (!/^TTLV-(MALFORMED|LIMIT): at byte \d+/.test(words)) throw new Error(words)
  }
  expect(refused).toBeGreaterThan(50_000)
})

test.each<[string, string, string]>([
  ['nothing', '', 'at byte 0: the head of an item is cut off'],
  ['half a head', '42006902', 'at byte 0: the head of an item is cut off'],
  ['a value that is cut off', '42006a02000000040000', 'a length of 4 where 2 bytes are left'],
  ['no padding', '42006a020000000400000001', 'a length of 4 where 4 bytes are left'],
  [
    'padding other than zero',
    '42006a0200000004 00000001 00000100',
    'at byte 14, ProtocolVersionMajor: padding',
  ],
  ['bytes after it', '42006a0200000004 0000000100000000 00', 'at byte 16, ProtocolVersionMajor: bytes after'],
  ['a tag that is none', '43006a0200000004 0000000100000000', 'at byte 0, 43006a: no tag of KMIP'],
  ['tag zero', '0000000200000004 0000000100000000', 'at byte 0: no tag of KMIP'],
  ['a type that is none', '42006a0c00000004 0000000100000000', 'at byte 0, ProtocolVersionMajor: no type 12'],
  ['type zero', '42006a0000000004 0000000100000000', 'no type 0'],
  ['an integer of 8 bytes', '42006a0200000008 0000000000000001', 'a length of 8 for type integer'],
  ['a boolean of 4 bytes', '42006a0600000004 0000000100000000', 'a length of 4 for type boolean'],
  ['a boolean 2', '42006a0600000008 0000000000000002', 'a boolean other than 0 and 1'],
  ['a big integer of no bytes', '42006a0400000000', 'a big integer of 0 bytes'],
  ['a big integer of 4 bytes', '42006a0400000004 0000000100000000', 'a big integer of 4 bytes'],
  [
    'a big integer with 8 zeros before it',
    '42006a0400000010 00000000000000000000000000000001',
    'a big integer that is too long',
  ],
  ['text that is no UTF-8', '4200550700000002 c080000000000000', 'NameValue: text that is no UTF-8'],
  ['a length of 4 GiB', '42007801ffffffff 0000000000000000', 'a length of 4294967295 where 8 bytes are left'],
  [
    'a child longer than its parent',
    '4200690100000010 42006a0200000018 0000000100000000',
    'at byte 8, ProtocolVersionMajor: a length of 24 where 8 bytes are left',
  ],
  ['a structure of 4 bytes', '4200690100000004 0000000000000000', 'a structure of 4 bytes'],
  ['half a head in a structure', '4200690100000008 42006a0200000004', 'a length of 4 where 0 bytes are left'],
])('KMIP-TTLV refused, with offset and tag: %s', (_, bytes, detail) => {
  const outcome = decodeItem(hex(bytes))
  expect(said(outcome)).toContain('TTLV-MALFORMED: ')
  expect(said(outcome)).toContain(detail)
})

/** `depth` structures, each in the one before. */
function nested(depth: number): Uint8Array {
  const bytes = new Uint8Array(depth * 8)
  const view = new DataView(bytes.buffer)
  for (let at = 0; at < bytes.length; at += 8) {
    view.setUint32(at, tags.Attribute * 256 + 1)
    view.setUint32(at + 4, bytes.length - at - 8)
  }
  return bytes
}

test('KMIP-TTLV nesting, items, bytes and big integers have an end', () => {
  expect(decodeItem(nested(defaultLimits.depth)).ok).toBe(true)
  expect(said(decodeItem(nested(defaultLimits.depth + 1)))).toBe(
    `TTLV-LIMIT: at byte ${defaultLimits.depth * 8}, Attribute: nested more than 24 deep`,
  )
  expect(said(decodeItem(nested(defaultLimits.bytes / 8)))).toMatch(/^TTLV-LIMIT: .*nested/)

  const wide = (children: number) =>
    encodeItem({
      tag: tags.Attributes,
      type: 'structure',
      value: Array.from({ length: children }, () => ({ tag: tags.Name, type: 'structure', value: [] })),
    })
  expect(decodeItem(wide(defaultLimits.items - 1)).ok).toBe(true)
  expect(said(decodeItem(wide(defaultLimits.items)))).toMatch(/^TTLV-LIMIT: .*more than 16384 items$/)

  const over = new Uint8Array(defaultLimits.bytes + 8)
  expect(said(decodeItem(over))).toBe('TTLV-LIMIT: at byte 0: the message has 4194312 bytes, at most 4194304')
  const long = encodeItem({ tag: tags.Modulus, type: 'big-integer', value: 2n ** 16_447n })
  expect(said(decodeItem(long))).toBe(
    'TTLV-LIMIT: at byte 0, Modulus: a big integer of 2064 bytes, at most 2056',
  )
})

test('KMIP-TTLV a stream is told how much to wait for before anything is allocated', () => {
  const head = (length: string) => itemLength(hex(`42007801${length}`))
  expect(head('00000018')).toEqual({ ok: true, value: 32 })
  expect(itemLength(hex('4200550700000003'))).toEqual({ ok: true, value: 16 })
  expect(said(head('ffffffff'))).toBe(
    'TTLV-LIMIT: at byte 0, RequestMessage: 4294967304 bytes, at most 4194304',
  )
  expect(said(itemLength(hex('474554202f204854')))).toBe('TTLV-MALFORMED: at byte 0, 474554: no tag of KMIP')
  expect(said(itemLength(hex('42')))).toBe('TTLV-MALFORMED: at byte 0: 1 bytes are no head of an item')
})

test('KMIP-TTLV no refusal quotes what it read', () => {
  const secret = 'a-secret-in-the-message'
  const bytes = encodeItem({ tag: tags.Password, type: 'text-string', value: secret })
  bytes[31] = 1
  expect(said(decodeItem(bytes))).toBe('TTLV-MALFORMED: at byte 31, Password: padding other than zero')
})

test('KMIP-TTLV a value that does not fit its type throws, and names the tag', () => {
  const tag = tags.BatchCount
  for (const value of [2 ** 31, 1.5, Number.NaN])
    expect(() => encodeItem({ tag, type: 'integer', value })).toThrow('BatchCount: the value does not fit')
  expect(() => encodeItem({ tag, type: 'interval', value: -1 })).toThrow('BatchCount')
  expect(() => encodeItem({ tag, type: 'date-time', value: 2n ** 63n })).toThrow('BatchCount')
  expect(() => encodeItem({ tag: 1, type: 'boolean', value: true })).toThrow('none of KMIP')
})
