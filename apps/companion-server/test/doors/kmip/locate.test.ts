import { accept, equalBytes, refuse, toHex, utf8 } from '@lux/crypto'
import { expect, test } from 'vitest'
import { answer } from '../../../src/doors/kmip/answer.ts'
import { enumerations, type NameOf } from '../../../src/doors/kmip/codec/enumerations.ts'
import { enumeration, integer, structure, textString } from '../../../src/doors/kmip/codec/fields.ts'
import { tags } from '../../../src/doors/kmip/codec/tags.ts'
import { decodeItem, encodeItem, type Item } from '../../../src/doors/kmip/codec/ttlv.ts'
import {
  type Attribute,
  attributes,
  hasAttribute,
  readAttribute,
  type StandardName,
  textOfName,
} from '../../../src/doors/kmip/message/attributes.ts'
import { writeRequest } from '../../../src/doors/kmip/message/request.ts'
import { readResponse } from '../../../src/doors/kmip/message/response.ts'
import type { Version } from '../../../src/doors/kmip/message/versions.ts'
import { bareHeader } from './support/bare-header.ts'
import { openMemoryKeys } from './support/memory-keys.ts'

const now = () => new Date(1_700_000_500_000)
const memory = openMemoryKeys(now)
const kept = (name: StandardName, value: Item) => ({ name, value: toHex(encodeItem(value)) })
const date = now().toISOString()

memory.add('aes', 'orders', { description: 'of the shop', is_exportable: true })
memory.add('mac', 'mac', {
  algorithm: 'HMAC_384',
  usage_mask: 0x180,
  attributes: [
    kept('ContactInformation', textString('ContactInformation', 'Ada')),
    kept('Comment', textString('Comment', 'old')),
    kept('PKCS_12FriendlyName', textString('PKCS_12FriendlyName', 'mac')),
    ...['red', 'blue'].map((group) => kept('ObjectGroup', textString('ObjectGroup', group))),
    kept(
      'AlternativeName',
      structure('AlternativeName', [
        textString('AlternativeNameValue', 'other'),
        enumeration('AlternativeNameType', 1),
      ]),
    ),
    kept(
      'ApplicationSpecificInformation',
      structure('ApplicationSpecificInformation', [
        textString('ApplicationNamespace', 'ssl'),
        textString('ApplicationData', 'www'),
      ]),
    ),
    kept(
      'CryptographicParameters',
      structure('CryptographicParameters', [enumeration('HashingAlgorithm', 6)]),
    ),
  ],
  lifecycle: {
    activated: date,
    deactivated: date,
    compromised: date,
    compromiseOccurred: date,
    destroyed: date,
    reason: 2,
    message: 'lost',
    replaces: 'aes',
    replacedBy: 'pair',
    digest: '0f'.repeat(32),
  },
})
memory.add('pair', 'sign', {
  algorithm: 'RSA_2048',
  lifecycle: { digest: '1e'.repeat(32), publicDigest: '2d'.repeat(32) },
})

const client = {
  caller: { identity: 'client', grants: [{ role: 'service', organisation: 'o', project: null }] as const },
  organisation: 'o',
  project: 'p',
}

let asked = 0
let most = Number.POSITIVE_INFINITY

async function send(
  version: Version,
  name: NameOf<'Operation'>,
  payload: readonly Item[],
  { keys } = memory,
) {
  const operation = enumerations.Operation[name]
  const items = [{ operation, ephemeral: null, id: null, payload, extensions: [] }]
  const faults: unknown[] = []
  const answered = decodeItem(
    await answer(encodeItem(writeRequest({ header: { ...bareHeader, version }, items })), client, {
      ...{
        keys,
        now,
        newReqId: () => 'r',
        roomFor: () =>
          ++asked > most ? refuse('RATE-LIMITED', 'too many calls of this identity') : accept(null),
        fault: (error: unknown) => faults.push(error),
      },
    }),
  )
  expect(faults).toEqual([])
  const response = answered.ok ? readResponse(answered.value) : answered
  if (!response.ok) throw new Error(response.detail)
  const result = response.value.items[0]?.result
  if (result?.status === 'success') return result.payload
  return result?.status === 'failed' ? result.message : 'none'
}

/** As a filter, of a version that does not know the attribute too. */
const filterBy = (version: Version, { name, index, value }: Attribute): readonly Item[] =>
  version < '2.0'
    ? [
        structure('Attribute', [
          textString('AttributeName', textOfName(name)),
          index === null ? null : integer('AttributeIndex', index),
          { ...value, tag: tags.AttributeValue },
        ]),
      ]
    : [structure('Attributes', [value])]

async function found(version: Version, one: Attribute): Promise<string | readonly string[]> {
  const payload = await send(version, 'Locate', filterBy(version, one))
  if (typeof payload === 'string') return payload
  return (payload ?? [])
    .flatMap(({ tag, value }) => (tag === tags.UniqueIdentifier ? [String(value)] : []))
    .toSorted()
}

const objects = ['aes', 'mac', 'pair', 'pair.public'] as const

/** What GetAttributes says of one name. */
async function told(version: Version, id: string, name: StandardName): Promise<readonly Attribute[]> {
  const payload = await send(version, 'GetAttributes', [textString('UniqueIdentifier', id)])
  if (payload === null || typeof payload === 'string') throw new Error(payload ?? 'no answer')
  const all = payload.slice(1)
  const items = version < '2.0' ? all : all.flatMap((one) => (one.type === 'structure' ? one.value : []))
  return items.map((item) => readAttribute(version, item)).filter((one) => one.name === name)
}

/** A value that no object has. */
function strange(name: StandardName): Item {
  const [tag, { type }] = [tags[name], attributes[name]]
  if (type === 'structure') return structure(name, [textString('Comment', 'strange')])
  if (type === 'text-string') return { tag, type, value: 'strange' }
  if (type === 'byte-string') return { tag, type, value: utf8('strange') }
  if (type === 'date-time') return { tag, type, value: 1n }
  // Bits that no mask has, a number that nothing has, and a name that the enumeration has not.
  return { tag, type, value: 0x4000_0001 } as Item
}

const same = (a: Item, b: Item): boolean => equalBytes(encodeItem(a), encodeItem(b))
const all = Object.keys(attributes) as readonly StandardName[]
/** True and false are all that there is: nothing is strange. */
const odd = all.filter((name) => attributes[name].type !== 'boolean')

test.each(all)(
  'KMIP-LOCATE by %s finds the objects of which GetAttributes says so, and no other, by each version',
  async (name) => {
    for (const version of ['1.0', '1.2', '1.4', '2.0', '2.1'] as const) {
      if (!hasAttribute(version, name)) continue
      const own = new Map<string, readonly Item[]>()
      for (const id of objects)
        own.set(
          id,
          (await told(version, id, name)).map(({ value }) => value),
        )
      for (const value of [...own.values()].flat()) {
        const fits = (other: Item) =>
          name === 'CryptographicUsageMask'
            ? (Number(other.value) & Number(value.value)) === value.value
            : same(other, value)
        const wanted = objects.filter((id) => own.get(id)?.some(fits))
        expect(await found(version, { name, index: null, value })).toEqual([...wanted].toSorted())
        // An instance of that value, and one that is not there.
        if (version >= '2.0') continue
        const first = objects.filter((id) => own.get(id)?.slice(0, 1).some(fits))
        expect(await found(version, { name, index: 0, value })).toEqual([...first].toSorted())
        expect(await found(version, { name, index: 9, value })).toEqual([])
      }
      if (attributes[name].type !== 'boolean') continue
      for (const yes of [true, false]) {
        const value: Item = { tag: tags[name], type: 'boolean', value: yes }
        const wanted = objects.filter((id) => own.get(id)?.some((one) => one.value === yes))
        expect(await found(version, { name, index: null, value })).toEqual([...wanted].toSorted())
      }
    }
  },
)

test.each(odd)('KMIP-LOCATE by a %s that no object has finds none', async (name) => {
  for (const version of ['1.0', '1.2', '1.4', '2.0', '2.1'] as const)
    if (hasAttribute(version, name))
      expect(await found(version, { name, index: null, value: strange(name) })).toEqual([])
})

test('KMIP-LOCATE an attribute that the version does not know finds none in 1.x, and is refused since 2.0', async () => {
  let tried = 0
  for (const name of odd)
    for (const version of ['1.0', '1.2', '1.4', '2.0', '2.1'] as const) {
      if (hasAttribute(version, name)) continue
      tried++
      const answered = await found(version, { name, index: null, value: strange(name) })
      if (version < '2.0') expect(answered).toEqual([])
      else expect(answered).toMatch(/is no attribute of/)
    }
  expect(tried).toBeGreaterThan(100)
})

test('KMIP-LOCATE reads the states of a page with the page, stops where it has enough, and each page more is a call', async () => {
  const many = openMemoryKeys(now)
  for (let at = 0; at < 250; at++) many.add(`key${at}`, `name${at}`)
  const active = structure('Attribute', [
    textString('AttributeName', 'State'),
    enumeration('AttributeValue', enumerations.State.Active),
  ])
  const located = async (version: Version, payload: readonly Item[]) => {
    const [heard, rooms] = [many.audited.length, asked]
    const said = await send(version, 'Locate', payload, many)
    const ids = typeof said === 'string' ? said : said?.filter(({ tag }) => tag === tags.UniqueIdentifier)
    return [ids?.length, many.audited.slice(heard).length, asked - rooms]
  }
  expect(await located('1.2', [active])).toEqual([250, 3, 3])
  expect(await located('1.2', [integer('MaximumItems', 1), active])).toEqual([1, 1, 1])
  expect(await located('1.2', [integer('MaximumItems', 101), active])).toEqual([101, 2, 2])
  expect(await located('1.4', [integer('MaximumItems', 1), active])).toEqual([1, 3, 3])
  expect(new Set(many.audited)).toEqual(new Set(['kmip client key.list ok']))
  most = asked + 2
  expect(await send('1.2', 'Locate', [active], many)).toMatch(/^RATE-LIMITED/)
  most = Number.POSITIVE_INFINITY
})

test('KMIP-LOCATE of a structure the fields that are given count, each of them', async () => {
  const by = (...fields: readonly Item[]) =>
    found('1.4', { name: 'Digest', index: null, value: structure('Digest', fields) })
  const hash = (value: number) => enumeration('HashingAlgorithm', value)
  const { SHA_256, SHA_512 } = enumerations.HashingAlgorithm
  expect(await by(hash(SHA_256))).toEqual(['mac', 'pair', 'pair.public'])
  expect(await by(hash(SHA_512))).toEqual([])
  const raw = enumeration('KeyFormatType', enumerations.KeyFormatType.Raw)
  expect(await by(hash(SHA_256), raw)).toEqual(['mac'])
  expect(await by(hash(SHA_512), raw)).toEqual([])
})
