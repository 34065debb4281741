import { FormatError } from '@lux/crypto'
import { expect, test } from 'vitest'
import { enumerations } from '../../../../src/doors/kmip/codec/enumerations.ts'
import {
  boolean,
  enumeration,
  integer,
  structure,
  textString,
} from '../../../../src/doors/kmip/codec/fields.ts'
import { tags } from '../../../../src/doors/kmip/codec/tags.ts'
import { decodeItem, type Item } from '../../../../src/doors/kmip/codec/ttlv.ts'
import {
  attributes,
  hasAttribute,
  nameFromText,
  readAttribute,
  readName,
  sameName,
  textOfName,
  writeAttribute,
  writeAttributes,
  writeName,
} from '../../../../src/doors/kmip/message/attributes.ts'
import { readRequest } from '../../../../src/doors/kmip/message/request.ts'
import { readResponse } from '../../../../src/doors/kmip/message/response.ts'
import type { Version } from '../../../../src/doors/kmip/message/versions.ts'
import { kmipVectors } from '../support/vectors.ts'

function within(item: Item, found: Item[] = []): readonly Item[] {
  if (item.type !== 'structure') return found
  if (item.tag === tags.Attribute) found.push(item)
  for (const child of item.value) within(child, found)
  return found
}

/** Every Attribute structure of the vectors, with the version of its message. */
function* attributesOfVectors(): Generator<{ version: Version; item: Item }> {
  for (const { request, response } of kmipVectors())
    for (const [bytes, read] of [
      [request, readRequest],
      [response, readResponse],
    ] as const) {
      const item = decodeItem(bytes)
      if (!item.ok) throw new Error(item.detail)
      const message = read(item.value)
      if (!message.ok) throw new Error(message.detail)
      for (const one of within(item.value)) yield { version: message.value.header.version, item: one }
    }
}

test('KMIP-ATTRIBUTE all of the OASIS cases are known, come out equal, and go through the style of 2.x', () => {
  let count = 0
  for (const { version, item } of attributesOfVectors()) {
    count++
    const attribute = readAttribute(version, item)
    // None is taken for a vendor's that the specification has.
    expect(typeof attribute.name === 'string' || attribute.name.vendor === 'x').toBe(true)
    expect(writeAttribute(version, attribute)).toEqual(item)
    const later = writeAttribute('2.1', attribute)
    if (later === null) expect(hasAttribute('2.1', attribute.name)).toBe(false)
    else
      expect(writeAttribute(version, { ...readAttribute('2.1', later), index: attribute.index })).toEqual(
        item,
      )
  }
  expect(count).toBe(5868)
})

const state = { name: 'State', index: null, value: enumeration('State', 2) } as const
const sensitive = { name: 'Sensitive', index: null, value: boolean('Sensitive', true) } as const
const custom = {
  name: { vendor: 'x', name: 'purpose' },
  index: null,
  value: textString('AttributeValue', 'demo'),
} as const

test('KMIP-ATTRIBUTE one is named in words in 1.x, and is its own tag since 2.0', () => {
  expect(writeAttributes('1.2', [state, custom])).toEqual([
    structure('Attribute', [textString('AttributeName', 'State'), enumeration('AttributeValue', 2)]),
    structure('Attribute', [textString('AttributeName', 'x-purpose'), textString('AttributeValue', 'demo')]),
  ])
  expect(writeAttributes('2.1', [state, custom])).toEqual([
    structure('Attributes', [
      enumeration('State', 2),
      structure('Attribute', [
        textString('VendorIdentification', 'x'),
        textString('AttributeName', 'purpose'),
        textString('AttributeValue', 'demo'),
      ]),
    ]),
  ])
})

test('KMIP-ATTRIBUTE what a version does not have is neither written nor read as it', () => {
  expect(writeAttributes('1.3', [state, sensitive])).toHaveLength(1)
  expect(writeAttributes('1.4', [state, sensitive])).toHaveLength(2)
  expect(nameFromText('1.3', 'Sensitive')).toEqual({ vendor: '', name: 'Sensitive' })
  expect(nameFromText('1.4', 'Sensitive')).toBe('Sensitive')
  expect(hasAttribute('1.4', 'OperationPolicyName')).toBe(true)
  expect(hasAttribute('2.0', 'OperationPolicyName')).toBe(false)
  expect(() => readAttribute('2.0', integer('RotateGeneration', 1))).toThrow(
    'RotateGeneration is no attribute of 2.0',
  )
  expect(readAttribute('2.1', integer('RotateGeneration', 1)).name).toBe('RotateGeneration')
})

test('KMIP-ATTRIBUTE a name is read as it is written, in each style', () => {
  for (const version of ['1.0', '1.4', '2.0', '2.1'] as const)
    for (const name of ['State', 'Name', { vendor: 'x', name: 'a-b' }, { vendor: 'y', name: '' }] as const)
      expect(sameName(readName(version, writeName(version, name)), name)).toBe(true)
  expect(writeName('2.1', 'State')).toEqual(enumeration('AttributeReference', tags.State))
  expect(textOfName({ vendor: '', name: 'Whatever' })).toBe('Whatever')
  expect(sameName({ vendor: 'x', name: 'a' }, { vendor: 'y', name: 'a' })).toBe(false)
})

test.each<[string, Version, Item, string]>([
  ['no structure', '1.2', textString('AttributeName', 'State'), 'Attribute: it is no structure'],
  [
    'no value',
    '1.2',
    structure('Attribute', [textString('AttributeName', 'State')]),
    'AttributeValue is missing',
  ],
  [
    'a value of another type',
    '1.2',
    structure('Attribute', [textString('AttributeName', 'State'), integer('AttributeValue', 2)]),
    'State is of type integer, expected enumeration',
  ],
  [
    'two values',
    '1.2',
    structure('Attribute', [
      textString('AttributeName', 'x-a'),
      integer('AttributeValue', 2),
      integer('AttributeValue', 2),
    ]),
    'AttributeValue does not belong there',
  ],
  ['a tag that is no attribute', '2.1', integer('BatchCount', 1), 'BatchCount is no attribute of 2.1'],
  [
    'the style of 1.x in 2.x',
    '2.1',
    structure('Attribute', [textString('AttributeName', 'x-a')]),
    'VendorIdent',
  ],
  ['another type in 2.x', '2.1', integer('State', 1), 'State is of type integer, expected enumeration'],
])('KMIP-ATTRIBUTE refused: %s', (_, version, item, detail) => {
  expect(() => readAttribute(version, item)).toThrow(FormatError)
  expect(() => readAttribute(version, item)).toThrow(detail)
})

test('KMIP-ATTRIBUTE each has a name of its own in words', () => {
  const texts = Object.values(attributes).map(({ text }) => text)
  expect(new Set(texts).size).toBe(texts.length)
  expect(enumerations.State.Active).toBe(state.value.type === 'enumeration' ? state.value.value : null)
})
