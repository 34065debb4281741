import { FormatError } from '@lux/crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { tags } from '../../../../src/doors/kmip/codec/tags.ts'
import { encodeItem, type Item } from '../../../../src/doors/kmip/codec/ttlv.ts'
import { itemFromJson, itemToJson, jsonToTtlv, ttlvToJson } from '../../../../src/doors/kmip/text/json.ts'
import { itemFromXml, itemToXml, ttlvToXml, xmlToTtlv } from '../../../../src/doors/kmip/text/xml.ts'
import { items } from '../support/hostile.ts'
import { kmipVectors } from '../support/vectors.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const forms = [
  ['JSON', ttlvToJson, jsonToTtlv, itemToJson, itemFromJson],
  ['XML', ttlvToXml, xmlToTtlv, itemToXml, itemFromXml],
] as const

test.each(forms)(
  'KMIP-TEXT %s of every message on which two codecs agree is that message again',
  (_name, write, read) => {
    let checked = 0
    for (const { request, response } of kmipVectors())
      for (const bytes of [request, response]) {
        expect(hex(read(write(bytes)))).toBe(hex(bytes))
        checked++
      }
    expect(checked).toBeGreaterThan(7000)
  },
)

test.each(forms)(
  'KMIP-TEXT %s of any tree of items is that tree again',
  (_name, _write, _read, toText, fromText) => {
    fc.assert(
      fc.property(items, (item) => {
        expect(hex(encodeItem(fromText(toText(item))))).toBe(hex(encodeItem(item)))
      }),
      { numRuns: 2000, seed: 19 },
    )
  },
)

test.each(forms)(
  'KMIP-TEXT %s that is spoiled is refused by name or is another message, and never a crash',
  (_name, _write, _read, toText, fromText) => {
    const spoiled = fc.tuple(items, fc.nat(), fc.string({ maxLength: 3 }), fc.nat(3))
    fc.assert(
      fc.property(spoiled, ([item, where, put, cut]) => {
        const text = toText(item)
        const at = where % (text.length + 1)
        try {
          encodeItem(fromText(text.slice(0, at) + put + text.slice(at + cut)))
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }),
      { numRuns: 5000, seed: 19 },
    )
  },
)

const message: Item = {
  tag: tags.RequestPayload,
  type: 'structure',
  value: [
    { tag: tags.ObjectType, type: 'enumeration', value: 2 },
    {
      tag: tags.Attribute,
      type: 'structure',
      value: [
        { tag: tags.AttributeName, type: 'text-string', value: 'State' },
        { tag: tags.AttributeValue, type: 'enumeration', value: 2 },
      ],
    },
    { tag: tags.CryptographicUsageMask, type: 'integer', value: 12 },
    { tag: tags.ActivationDate, type: 'date-time', value: 0x47da67f8n },
    { tag: 0x540001, type: 'text-string', value: 'a "b" & <c>' },
  ],
}

test('KMIP-TEXT has the names of the profiles, takes masks by name and numbers in hexadecimal', () => {
  expect(JSON.parse(itemToJson(message)).value).toEqual([
    { tag: 'ObjectType', type: 'Enumeration', value: 'SymmetricKey' },
    {
      tag: 'Attribute',
      value: [
        { tag: 'AttributeName', type: 'TextString', value: 'State' },
        { tag: 'AttributeValue', type: 'Enumeration', value: 'Active' },
      ],
    },
    { tag: 'CryptographicUsageMask', type: 'Integer', value: 12 },
    { tag: 'ActivationDate', type: 'DateTime', value: '2008-03-14T11:56:40+00:00' },
    { tag: '0x540001', type: 'TextString', value: 'a "b" & <c>' },
  ])
  expect(itemToXml(message)).toBe(
    '<RequestPayload><ObjectType type="Enumeration" value="SymmetricKey"/>' +
      '<Attribute><AttributeName type="TextString" value="State"/><AttributeValue type="Enumeration" value="Active"/></Attribute>' +
      '<CryptographicUsageMask type="Integer" value="12"/><ActivationDate type="DateTime" value="2008-03-14T11:56:40+00:00"/>' +
      '<TTLV tag="0x540001" type="TextString" value="a &#x22;b&#x22; &#x26; &#x3c;c&#x3e;"/></RequestPayload>',
  )
  const mask = (value: string) => ({ tag: 'CryptographicUsageMask', type: 'Integer', value })
  for (const value of ['Encrypt|Decrypt', '0x0000000c'])
    expect(itemFromJson(JSON.stringify(mask(value)))).toMatchObject({ value: 12 })
  expect(
    itemFromXml(
      '<?xml version="1.0"?>\n<!-- a --><CryptographicUsageMask type="Integer" value="Encrypt Decrypt"/>\n',
    ),
  ).toMatchObject({ value: 12 })
})

test.each([
  ['a document type', '<!DOCTYPE a [<!ENTITY b "c">]><Data type="TextString" value="&b;"/>'],
  ['an entity of its own', '<Data type="TextString" value="&b;"/>'],
  ['two elements', '<Data type="Integer" value="1"/><Data type="Integer" value="1"/>'],
  ['text', '<RequestPayload>a</RequestPayload>'],
  ['an element that is not closed', '<RequestPayload>'],
  ['nothing', ''],
  ['an attribute twice', '<Data type="Integer" type="Integer" value="1"/>'],
  ['depth without end', '<RequestPayload>'.repeat(50_000)],
])('KMIP-TEXT XML with %s is refused', (_name, text) => {
  expect(() => itemFromXml(text)).toThrow(FormatError)
})

test.each([
  ['no JSON', '{'],
  ['a list', '[]'],
  ['an unknown field', '{"tag":"Data","type":"Integer","value":1,"more":1}'],
  ['a number that JSON rounds', '{"tag":"Data","type":"LongInteger","value":12345678901234567890}'],
  ['half a character', '{"tag":"Data","type":"TextString","value":"\\ud800"}'],
  ['a value of another type', '{"tag":"Data","type":"TextString","value":1}'],
  ['an odd digit', '{"tag":"Data","type":"ByteString","value":"abc"}'],
  ['an integer beyond its bits', '{"tag":"Data","type":"Integer","value":2147483648}'],
  ['depth without end', '{"tag":"Data","value":['.repeat(50_000) + ']}'.repeat(50_000)],
])('KMIP-TEXT JSON with %s is refused', (_name, text) => {
  expect(() => itemFromJson(text)).toThrow(FormatError)
})
