import { createHash } from 'node:crypto'
import { aesKwUnwrap, equalBytes, utf8 } from '@lux/crypto'
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import type { Grant } from '../../../src/access/authorize.ts'
import { withinProject } from '../../../src/access/authorize.ts'
import type { KmipClient } from '../../../src/access/kmip-clients.ts'
import { openRateLimit, type RateLimit } from '../../../src/access/rate-limit.ts'
import { answer, maxResponse } from '../../../src/doors/kmip/answer.ts'
import { enumerations, type NameOf, nameOf, usageMasks } from '../../../src/doors/kmip/codec/enumerations.ts'
import {
  boolean,
  byteString,
  dateTime,
  enumeration,
  integer,
  structure,
  textString,
} from '../../../src/doors/kmip/codec/fields.ts'
import { type TagName, tagName, tags } from '../../../src/doors/kmip/codec/tags.ts'
import { decodeItem, encodeItem, type Item } from '../../../src/doors/kmip/codec/ttlv.ts'
import { type Attribute, writeAttributes, writeName } from '../../../src/doors/kmip/message/attributes.ts'
import {
  type RequestHeader,
  type RequestItem,
  writeRequest,
} from '../../../src/doors/kmip/message/request.ts'
import { type Response, readResponse } from '../../../src/doors/kmip/message/response.ts'
import { type Version, versions } from '../../../src/doors/kmip/message/versions.ts'
import { accept, EnvironmentError, refuse } from '../../../src/refusal.ts'
import { bareHeader } from './support/bare-header.ts'
import { items as anyItem, changes, rearrange, rearrangements, spoil } from './support/hostile.ts'
import { openMemoryKeys } from './support/memory-keys.ts'
import { kmipVectors } from './support/vectors.ts'

const now = () => new Date(1_700_000_500_000)
let memory: ReturnType<typeof openMemoryKeys>
let faults: unknown[] = []
let limit: RateLimit | null = null

const grants: readonly Grant[] = [{ role: 'service', organisation: 'o', project: null }]
const client = (own: readonly Grant[] = grants): KmipClient => ({
  caller: { identity: 'client', grants: own },
  organisation: 'o',
  project: 'p',
})

beforeEach(() => {
  memory = openMemoryKeys(now)
  faults = []
  limit = null
  memory.add('k1', 'orders', { description: 'of the shop' })
  memory.add('k2', 'orders-old', { algorithm: 'aes-128-gcm' })
  memory.add('k3', 'mac', { algorithm: 'HMAC_384' })
  memory.add('k4', 'sign', { algorithm: 'ECC_NIST_P256' })
  memory.add('foreign', 'orders', { project_id: 'q' })
})

async function sendBytes(bytes: Uint8Array, who = client()): Promise<Response> {
  const parts = {
    keys: memory.keys,
    now,
    newReqId: () => 'r',
    fault: (error: unknown) => faults.push(error),
    roomFor: (identity: string) =>
      limit === null || limit.take(identity) ? accept(null) : refuse('RATE-LIMITED', 'too many'),
  }
  const answered = decodeItem(await answer(bytes, who, parts))
  if (!answered.ok) throw new Error(answered.detail)
  const response = readResponse(answered.value)
  if (!response.ok) throw new Error(response.detail)
  return response.value
}

type Step = readonly [NameOf<'Operation'>, readonly Item[], Partial<RequestItem>?]

function send(version: Version, steps: readonly Step[], header: Partial<RequestHeader> = {}, who = client()) {
  const request = writeRequest({
    header: { ...bareHeader, version, ...header },
    items: steps.map(([name, payload, more], index) => ({
      operation: enumerations.Operation[name],
      ephemeral: null,
      id: steps.length > 1 ? Uint8Array.of(index) : null,
      payload,
      extensions: [],
      ...more,
    })),
  })
  return sendBytes(encodeItem(request), who)
}

const payloadOf = ({ items }: Response, index = 0): readonly Item[] => {
  const result = items[index]?.result
  if (result?.status !== 'success') throw new Error(said(items[index]))
  return result.payload
}
const said = (item: Response['items'][number] | undefined): string =>
  item?.result.status === 'failed'
    ? `${nameOf('ResultReason', item.result.reason)} ${item.result.message}`
    : (item?.result.status ?? 'none')
const values = (all: readonly Item[], name: TagName) =>
  all.flatMap((item) => (item.tag === tags[name] ? [item.value] : []))
const id = (text: string) => textString('UniqueIdentifier', text)
const data = (text: string) => byteString('Data', utf8(text))
const found = (response: Response, index = 0) => values(payloadOf(response, index), 'UniqueIdentifier')

test('KMIP-QUERY each version is told of its own operations and capabilities', async () => {
  const ask = (version: Version, ...functions: NameOf<'QueryFunction'>[]) =>
    send(version, [
      ['Query', functions.map((name) => enumeration('QueryFunction', enumerations.QueryFunction[name]))],
    ])
  const operationsOf = async (version: Version) =>
    values(payloadOf(await ask(version, 'QueryOperations')), 'Operation').map((code) =>
      nameOf('Operation', Number(code)),
    )
  const first = [
    ...['Create', 'CreateKeyPair', 'Register', 'ReKey', 'Locate', 'Get', 'GetAttributes', 'GetAttributeList'],
    ...['AddAttribute', 'ModifyAttribute', 'DeleteAttribute', 'Activate', 'Revoke', 'Destroy', 'Query'],
  ]
  const crypto = [
    ...['Encrypt', 'Decrypt', 'Sign', 'SignatureVerify', 'MAC', 'MACVerify', 'RNGRetrieve', 'RNGSeed'],
  ]
  expect(await operationsOf('1.0')).toEqual(first)
  expect(await operationsOf('1.1')).toEqual([...first, 'ReKeyKeyPair', 'DiscoverVersions'])
  expect(await operationsOf('1.2')).toEqual([...first, 'ReKeyKeyPair', 'DiscoverVersions', ...crypto])
  expect(await operationsOf('2.1')).toEqual(expect.arrayContaining(['SetAttribute', ...crypto]))
  const rest = payloadOf(await ask('1.4', 'QueryObjects', 'QueryServerInformation', 'QueryCapabilities'))
  expect(rest.map(({ tag }) => tagName(tag))).toEqual([
    ...Array.from({ length: 5 }, () => 'ObjectType'),
    'VendorIdentification',
    'CapabilityInformation',
  ])
  expect(said((await ask('1.2', 'QueryCapabilities')).items[0])).toBe(
    'InvalidMessage KMIP-MESSAGE: RequestPayload: a QueryFunction is none of 1.2',
  )
  expect(said((await ask('1.2')).items[0])).toContain('QueryFunction is missing')
})

test('KMIP-DISCOVER the versions of both sides, in the order of the client', async () => {
  const version = (major: number, minor: number) =>
    structure('ProtocolVersion', [
      integer('ProtocolVersionMajor', major),
      integer('ProtocolVersionMinor', minor),
    ])
  const all = payloadOf(await send('1.1', [['DiscoverVersions', []]]))
  expect(all).toHaveLength(versions.length)
  expect(all[0]).toEqual(version(2, 1))
  const some = [version(3, 0), version(1, 2), version(2, 0)]
  expect(payloadOf(await send('1.1', [['DiscoverVersions', some]]))).toEqual(some.slice(1))
  expect(said((await send('1.0', [['DiscoverVersions', []]])).items[0])).toMatch(/^OperationNotSupported/)
})

test('KMIP-ATTRIBUTES a key is described in the style and with the attributes of each version', async () => {
  const of = async (version: Version, key: string, ...names: Item[]) =>
    payloadOf(await send(version, [['GetAttributes', [id(key), ...names]]]))
  const one = await of('1.2', 'k1', writeName('1.2', 'State'), writeName('1.2', 'CryptographicLength'))
  expect(one).toEqual([
    id('k1'),
    structure('Attribute', [
      textString('AttributeName', 'Cryptographic Length'),
      integer('AttributeValue', 256),
    ]),
    structure('Attribute', [textString('AttributeName', 'State'), enumeration('AttributeValue', 2)]),
  ])
  expect(await of('2.1', 'k1', writeName('2.1', 'State'), writeName('2.1', 'Sensitive'))).toEqual([
    id('k1'),
    structure('Attributes', [enumeration('State', 2), boolean('Sensitive', true)]),
  ])
  const [, mac] = await of('2.1', 'k3')
  expect(mac?.value).toEqual(
    expect.arrayContaining([
      enumeration('CryptographicAlgorithm', enumerations.CryptographicAlgorithm.HMAC_SHA384),
      integer('CryptographicUsageMask', usageMasks.MACGenerate | usageMasks.MACVerify),
    ]),
  )
  // Not there, or of nobody's knowledge: left out.
  expect(
    await of('1.2', 'k1', writeName('1.2', 'ArchiveDate'), textString('AttributeName', 'x-a')),
  ).toHaveLength(1)
  const listed = async (version: Version) =>
    payloadOf(await send(version, [['GetAttributeList', [id('k1')]]])).slice(1)
  expect(await listed('1.0')).toContainEqual(textString('AttributeName', 'Name'))
  expect(await listed('1.3')).not.toContainEqual(textString('AttributeName', 'Sensitive'))
  expect(await listed('1.4')).toContainEqual(textString('AttributeName', 'Sensitive'))
  expect(await listed('2.0')).toContainEqual(enumeration('AttributeReference', tags.KeyFormatType))
})

const named = (name: string): Attribute => ({
  name: 'Name',
  index: null,
  value: structure('Name', [textString('NameValue', name), enumeration('NameType', 1)]),
})
const state = (name: NameOf<'State'>): Attribute => ({
  name: 'State',
  index: null,
  value: enumeration('State', enumerations.State[name]),
})
const mask = (value: number): Attribute => ({
  name: 'CryptographicUsageMask',
  index: null,
  value: integer('CryptographicUsageMask', value),
})
const initial = (seconds: number): Attribute => ({
  name: 'InitialDate',
  index: null,
  value: dateTime('InitialDate', new Date((1_700_000_000 + seconds) * 1000)),
})
const kind = (name: NameOf<'ObjectType'>): Attribute => ({
  name: 'ObjectType',
  index: null,
  value: enumeration('ObjectType', enumerations.ObjectType[name]),
})
const vendors = (name: string): Attribute => ({
  name: { vendor: 'x', name },
  index: null,
  value: textString('AttributeValue', 'v'),
})

test.each<[string, readonly Attribute[], readonly string[]]>([
  ['no filter', [], ['k4', 'k4.public', 'k3', 'k2', 'k1']],
  ['a name, and not its beginning', [named('orders')], ['k1']],
  ['a name that is none', [named('order')], []],
  ['a public half', [kind('PublicKey')], ['k4.public']],
  ['two names', [named('orders'), named('mac')], []],
  ['an object type', [kind('PrivateKey')], ['k4']],
  ['an object type that is none here', [kind('Certificate')], []],
  ['bits of a mask', [mask(usageMasks.Encrypt)], ['k2', 'k1']],
  ['a mask of the private half', [mask(usageMasks.Sign)], ['k4']],
  ['a mask of the public half', [mask(usageMasks.Verify)], ['k4.public']],
  ['more bits than any has', [mask(usageMasks.Encrypt | usageMasks.WrapKey)], []],
  ['a state', [state('Active')], ['k4', 'k4.public', 'k3', 'k2', 'k1']],
  ['another state', [state('Deactivated')], []],
  ['a date', [initial(2)], ['k3']],
  ['a span of dates, in either order', [initial(2), initial(1)], ['k3', 'k2']],
  ['a date and a type', [initial(0), initial(9), kind('PrivateKey')], ['k4']],
  ['a client’s own attribute', [vendors('a')], []],
])('KMIP-LOCATE by %s, in both styles', async (_, filters, expected) => {
  for (const version of ['1.0', '1.4', '2.1'] as const)
    expect(found(await send(version, [['Locate', writeAttributes(version, filters)]]))).toEqual(expected)
})

test('KMIP-LOCATE maximum, offset, storage status and group are honoured', async () => {
  const by = async (version: Version, ...fields: Item[]) =>
    payloadOf(await send(version, [['Locate', fields]]))
  const maximum = integer('MaximumItems', 2)
  expect(values(await by('1.2', maximum), 'UniqueIdentifier')).toEqual(['k4', 'k4.public'])
  expect(await by('1.3', maximum, integer('OffsetItems', 4))).toEqual([integer('LocatedItems', 5), id('k1')])
  expect(await by('1.2', integer('MaximumItems', 0))).toEqual([])
  expect(await by('1.2', integer('StorageStatusMask', 3))).toHaveLength(5)
  expect(await by('1.2', integer('StorageStatusMask', 2))).toEqual([])
  expect(await by('1.2', enumeration('ObjectGroupMember', 1))).toEqual([])
  const refused = async (version: Version, ...fields: Item[]) =>
    said((await send(version, [['Locate', fields]])).items[0])
  expect(await refused('1.2', integer('MaximumItems', -1))).toContain(
    'MaximumItems or OffsetItems is below 0',
  )
  expect(await refused('1.2', integer('OffsetItems', 1))).toMatch(/^InvalidMessage/)
  expect(await refused('1.2', ...writeAttributes('1.2', [initial(0), initial(1), initial(2)]))).toContain(
    'a date is given more than twice',
  )
})

test('KMIP-LOCATE a key that is switched off or retired is found as deactivated', async () => {
  const officer = memory.callAs([{ role: 'crypto-officer', organisation: 'o', project: 'p' }])
  await memory.keys.patch(officer, { id: 'k1', isDisabled: true })
  await memory.keys.setVersionState(officer, { id: 'k2', version: 1, state: 'decrypt-only' })
  const by = (name: NameOf<'State'>) => send('1.2', [['Locate', writeAttributes('1.2', [state(name)])]])
  expect(found(await by('Deactivated'))).toEqual(['k2', 'k1'])
  expect(found(await by('Active'))).toEqual(['k4', 'k4.public', 'k3'])
})

test('KMIP-LOCATE a name longer than a search takes is found whole, and one that is longer than any finds none', async () => {
  const long = `${'🔑x'.repeat(40)}-old`
  memory.add('long', long)
  memory.add('longer', `${long}er`)
  const by = (name: string) => send('2.1', [['Locate', writeAttributes('2.1', [named(name)])]])
  expect(found(await by(long))).toEqual(['long'])
  expect(found(await by(long.repeat(50)))).toEqual([])
  expect(found(await by('orders\0'))).toEqual([])
})

test('KMIP-LOCATE goes through every page, and each key is found once', async () => {
  for (let index = 0; index < 1200; index++) memory.add(`n${index}`, `many-${index}`)
  expect(new Set(found(await send('1.2', [['Locate', []]]))).size).toBe(1205)
})

test('KMIP-ENCRYPT what is encrypted is decrypted, with additional data from 1.4', async () => {
  for (const version of ['1.2', '1.4', '2.1'] as const) {
    const sealed = values(payloadOf(await send(version, [['Encrypt', [id('k1'), data('text')]]])), 'Data')[0]
    if (!(sealed instanceof Uint8Array)) throw new Error('no data')
    const opened = await send(version, [['Decrypt', [id('k1'), byteString('Data', sealed)]]])
    expect(payloadOf(opened)).toEqual([id('k1'), data('text')])
    const direct = await memory.keys.decrypt(memory.callAs(grants), { id: 'k1', ciphertext: sealed })
    expect(direct.ok && equalBytes(direct.value, utf8('text'))).toBe(true)
    expect(
      said((await send(version, [['Decrypt', [id('k2'), byteString('Data', sealed)]]])).items[0]),
    ).toMatch(/^CryptographicFailure ENVELOPE-KEY/)
  }
  const aad = (text: string) => byteString('AuthenticatedEncryptionAdditionalData', utf8(text))
  const bound = payloadOf(await send('1.4', [['Encrypt', [id('k1'), data('text'), aad('a')]]]))[1]
  if (bound === undefined) throw new Error('no data')
  expect(payloadOf(await send('2.1', [['Decrypt', [id('k1'), bound, aad('a')]]]))[1]).toEqual(data('text'))
  expect(said((await send('2.1', [['Decrypt', [id('k1'), bound, aad('b')]]])).items[0])).toMatch(
    /ENVELOPE-TAG/,
  )
  expect(said((await send('1.3', [['Encrypt', [id('k1'), data('t'), aad('a')]]])).items[0])).toMatch(
    /^InvalidMessage .*AuthenticatedEncryptionAdditionalData does not belong there/,
  )
})

test.each<[string, Version, Step, string]>([
  [
    'parameters of its own',
    '1.4',
    [
      'Encrypt',
      [id('k1'), structure('CryptographicParameters', [enumeration('BlockCipherMode', 1)]), data('t')],
    ],
    'PermissionDenied KEY-USAGE: it encrypts by the envelope of the server, and not by AES itself',
  ],
  [
    'an IV',
    '1.2',
    ['Encrypt', [id('k1'), data('t'), byteString('IVCounterNonce', new Uint8Array(12))]],
    'FeatureNotSupported KMIP-FEATURE: IVCounterNonce is not served',
  ],
  [
    'a part of a stream',
    '1.3',
    ['Encrypt', [id('k1'), data('t'), boolean('InitIndicator', true)]],
    'FeatureNotSupported KMIP-FEATURE: InitIndicator is not served',
  ],
  [
    'a tag apart',
    '1.4',
    ['Decrypt', [id('k1'), data('t'), byteString('AuthenticatedEncryptionTag', new Uint8Array(16))]],
    'FeatureNotSupported KMIP-FEATURE: IVCounterNonce is not served without a BlockCipherMode',
  ],
  [
    'a key of another use',
    '2.1',
    ['Encrypt', [id('k3'), data('t')]],
    'IncompatibleCryptographicUsageMask KEY-USAGE',
  ],
  ['the same before 2.0', '1.4', ['Encrypt', [id('k3'), data('t')]], 'PermissionDenied KEY-USAGE'],
  ['no data', '1.4', ['Encrypt', [id('k1')]], 'InvalidMessage KMIP-MESSAGE: RequestPayload: Data is missing'],
  [
    'what is no ciphertext',
    '1.4',
    ['Decrypt', [id('k1'), data('t')]],
    'CryptographicFailure ENVELOPE-MALFORMED',
  ],
  [
    'a key that is not there',
    '1.4',
    ['Encrypt', [id('none'), data('t')]],
    'ItemNotFound OBJECT-ABSENT: Key not found',
  ],
  [
    'a key of another project of the same identity',
    '1.4',
    ['Encrypt', [id('foreign'), data('t')]],
    'ItemNotFound OBJECT-ABSENT: Key not found',
  ],
  [
    'an identifier with a zero',
    '1.4',
    ['GetAttributes', [id('k\0')]],
    'ItemNotFound OBJECT-ABSENT: Key not found',
  ],
  [
    'encryption before 1.2',
    '1.1',
    ['Encrypt', [id('k1'), data('t')]],
    'OperationNotSupported KMIP-OPERATION',
  ],
  ['an operation that is not served', '1.4', ['Certify', []], 'OperationNotSupported KMIP-OPERATION'],
  [
    'the key itself',
    '1.4',
    ['Get', [id('k1')]],
    'PermissionDenied ROLE-REFUSED: service may not do key.export',
  ],
  ['the same before 1.4', '1.0', ['Get', [id('k1')]], 'PermissionDenied ROLE-REFUSED'],
  ['the key of another project', '1.4', ['Get', [id('foreign')]], 'ItemNotFound OBJECT-ABSENT'],
  [
    'the key wrapped',
    '1.4',
    ['Get', [id('k1'), structure('KeyWrappingSpecification', [])]],
    'InvalidMessage KMIP-MESSAGE: KeyWrappingSpecification: WrappingMethod is missing',
  ],
  [
    'a critical extension',
    '1.4',
    ['Query', [], { extensions: [{ vendor: 'v', critical: true, extension: [] }] }],
    'FeatureNotSupported KMIP-FEATURE',
  ],
  [
    'what is ephemeral',
    '2.0',
    ['Query', [], { ephemeral: true }],
    'FeatureNotSupported KMIP-FEATURE: Ephemeral',
  ],
])('KMIP-REFUSED %s', async (_, version, step, expected) => {
  const response = await send(version, [step])
  expect(said(response.items[0])).toContain(expected)
  expect(faults).toEqual([])
})

const officer = client([
  { role: 'service', organisation: 'o', project: 'p' },
  { role: 'crypto-officer', organisation: 'o', project: 'p' },
])
const bit = (name: keyof typeof usageMasks) => usageMasks[name]

/** A new key by KMIP, active. */
async function make(name: string, uses: number, bits = 256, more: readonly Item[] = []): Promise<string> {
  const response = await send(
    '2.1',
    [
      [
        'Create',
        [
          enumeration('ObjectType', enumerations.ObjectType.SymmetricKey),
          structure('Attributes', [
            named(name).value,
            enumeration('CryptographicAlgorithm', enumerations.CryptographicAlgorithm.AES),
            integer('CryptographicLength', bits),
            integer('CryptographicUsageMask', uses),
            ...more,
          ]),
        ],
      ],
      ['Activate', []],
    ],
    {},
    officer,
  )
  expect(response.items.map(said)).toEqual(['success', 'success'])
  return String(found(response)[0])
}
const as = (version: Version, ...steps: readonly Step[]) => send(version, steps, {}, officer)
const gcm = structure('CryptographicParameters', [enumeration('BlockCipherMode', 9)])

test('KMIP-REGISTER an opaque object comes back as it came, is used for nothing, and its type and digest are told', async () => {
  const keys = openMemoryKeys(now, { plainExport: true })
  memory = { ...memory, ...keys }
  const opaque = structure('OpaqueObject', [
    enumeration('OpaqueDataType', 0x8000_0001),
    byteString('OpaqueDataValue', utf8('a licence')),
  ])
  const type = enumeration('ObjectType', enumerations.ObjectType.OpaqueObject)
  const own = String(
    found(await as('1.4', ['Register', [type, structure('TemplateAttribute', []), opaque]]))[0],
  )
  expect(payloadOf(await as('1.4', ['Get', [id(own)]]))).toEqual([type, id(own), opaque])
  const told = payloadOf(await as('2.1', ['GetAttributes', [id(own)]]))[1]
  const names = told?.type === 'structure' ? told.value.map(({ tag }) => tagName(tag)) : []
  expect(names).toEqual(expect.arrayContaining(['ObjectType', 'InitialDate']))
  for (const name of ['State', 'CryptographicUsageMask', 'KeyFormatType', 'Digest'])
    expect(names).not.toContain(name)
  const filter = writeAttributes('1.4', [kind('OpaqueObject')])
  expect(found(await as('1.4', ['Locate', filter]))).toEqual([own])
  expect(said((await as('1.4', ['Encrypt', [id(own), data('x')]])).items[0])).toMatch(/KEY-USAGE/)

  const bytes = new Uint8Array(32).fill(7)
  const block = structure('SymmetricKey', [
    structure('KeyBlock', [
      enumeration('KeyFormatType', enumerations.KeyFormatType.TransparentSymmetricKey),
      structure('KeyValue', [structure('KeyMaterial', [byteString('Key', bytes)])]),
      enumeration('CryptographicAlgorithm', enumerations.CryptographicAlgorithm.AES),
      integer('CryptographicLength', 256),
    ]),
  ])
  const symmetric = enumeration('ObjectType', enumerations.ObjectType.SymmetricKey)
  const key = String(
    found(await as('1.4', ['Register', [symmetric, structure('TemplateAttribute', []), block]]))[0],
  )
  // In the format in which it came.
  expect(payloadOf(await as('1.4', ['Get', [id(key)]]))[2]).toEqual(block)
  const digest = structure('Digest', [
    enumeration('HashingAlgorithm', enumerations.HashingAlgorithm.SHA_256),
    byteString('DigestValue', createHash('sha256').update(bytes).digest()),
  ])
  expect(found(await as('2.1', ['Locate', [structure('Attributes', [digest])]]))).toEqual([key])
})

test('KMIP-GCM the server draws each nonce, a client draws none, and a changed tag, nonce or context opens nothing', async () => {
  const key = await make('gcm', bit('Encrypt') | bit('Decrypt'))
  const aad = byteString('AuthenticatedEncryptionAdditionalData', utf8('context'))
  const seal = async () => payloadOf(await as('1.4', ['Encrypt', [id(key), gcm, data('text'), aad]]))
  const [one, other] = [await seal(), await seal()]
  const bytes = (all: readonly Item[], name: TagName) => values(all, name)[0] as Uint8Array
  expect(equalBytes(bytes(one, 'IVCounterNonce'), bytes(other, 'IVCounterNonce'))).toBe(false)
  const open = async (change: (field: string, value: Uint8Array) => Uint8Array) =>
    as('1.4', [
      'Decrypt',
      [
        ...[id(key), gcm, byteString('Data', change('data', bytes(one, 'Data')))],
        byteString('IVCounterNonce', change('nonce', bytes(one, 'IVCounterNonce'))),
        byteString('AuthenticatedEncryptionAdditionalData', change('aad', utf8('context'))),
        byteString('AuthenticatedEncryptionTag', change('tag', bytes(one, 'AuthenticatedEncryptionTag'))),
      ],
    ])
  const plain = payloadOf(await open((_, value) => value))
  expect(equalBytes(bytes(plain, 'Data'), utf8('text'))).toBe(true)
  for (const spoiled of ['data', 'nonce', 'aad', 'tag']) {
    const flipped = await open((field, value) =>
      field === spoiled ? value.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) : value,
    )
    expect(said(flipped.items[0])).toMatch(/^CryptographicFailure ENVELOPE-TAG/)
  }
  const own = byteString('IVCounterNonce', new Uint8Array(12))
  expect(said((await as('1.4', ['Encrypt', [id(key), gcm, data('text'), own]])).items[0])).toMatch(
    /^(BadCryptographicParameters|InvalidField) CIPHER-PARAMETERS: the server draws the nonce/,
  )
  expect(said((await as('1.3', ['Encrypt', [id(key), gcm, data('text')]])).items[0])).toContain(
    '1.3 has no place for the tag of GCM',
  )
})

test('KMIP-GCM a key is worn out after 2^32 messages, and goes on to decrypt', async () => {
  const key = await make('worn', bit('Encrypt') | bit('Decrypt'))
  const encrypt = () => as('1.4', ['Encrypt', [id(key), gcm, data('text')]])
  const sealed = payloadOf(await encrypt())
  const row = memory.rows.find((one) => one.id === key)
  if (row === undefined) throw new Error('no row')
  row.raw_uses = String(2 ** 32)
  // What was counted ahead is used up first.
  let last = ''
  for (let count = 0; count < 300 && last !== 'failed'; count++)
    last = (await encrypt()).items[0]?.result.status ?? ''
  expect(said((await encrypt()).items[0])).toMatch(/KEY-WORN/)
  const fields = sealed.filter(({ tag }) => tag !== tags.UniqueIdentifier)
  expect(said((await as('1.4', ['Decrypt', [id(key), gcm, ...fields]])).items[0])).toBe('success')
})

const wrappedUnder = (wrapper: string) =>
  structure('KeyWrappingSpecification', [
    enumeration('WrappingMethod', enumerations.WrappingMethod.Encrypt),
    structure('EncryptionKeyInformation', [id(wrapper)]),
    enumeration('EncodingOption', enumerations.EncodingOption.NoEncoding),
  ])

test('KMIP-GET a key leaves wrapped under a key with that use, and under no other, by AES key wrap', async () => {
  const [kek, key] = [await make('kek', bit('WrapKey')), await make('wrapped', bit('Encrypt'))]
  const [type, , object] = payloadOf(await as('1.4', ['Get', [id(key), wrappedUnder(kek)]]))
  expect(type).toEqual(enumeration('ObjectType', enumerations.ObjectType.SymmetricKey))
  const block = object?.type === 'structure' ? object.value[0] : undefined
  const value = values(block?.type === 'structure' ? block.value : [], 'KeyValue')[0] as Uint8Array
  expect(value).toHaveLength(40)
  expect(equalBytes(aesKwUnwrap(memory.bytesOf(kek), value), memory.bytesOf(key))).toBe(true)
  expect(said((await as('1.4', ['Get', [id(key), wrappedUnder(key)]])).items[0])).toContain(
    'does not let it wrap',
  )
  expect(said((await as('1.4', ['Get', [id(key)]])).items[0])).toMatch(/^Sensitive KEY-EXPORT/)
  expect(said((await as('1.4', ['Get', [id('k1'), wrappedUnder(kek)]])).items[0])).toMatch(
    /^NotExtractable KEY-NOT-EXPORTABLE/,
  )
})

test('KMIP-GET a wrapping key that somebody has or decrypts with wraps only where the project lets keys leave wrapped so, or in the clear', async () => {
  const key = await make('wrapped', bit('Encrypt'))
  const own = structure('SymmetricKey', [
    structure('KeyBlock', [
      enumeration('KeyFormatType', enumerations.KeyFormatType.Raw),
      structure('KeyValue', [byteString('KeyMaterial', new Uint8Array(32).fill(7))]),
      enumeration('CryptographicAlgorithm', enumerations.CryptographicAlgorithm.AES),
      integer('CryptographicLength', 256),
    ]),
  ])
  const brought = async (name: string): Promise<string> => {
    const wanted = [
      enumeration('ObjectType', enumerations.ObjectType.SymmetricKey),
      structure('Attributes', [
        ...[named(name).value, integer('CryptographicUsageMask', bit('WrapKey'))],
        boolean('Extractable', false),
      ]),
      own,
    ]
    return String(found(await as('2.1', ['Register', wanted], ['Activate', []]))[0])
  }
  const wrappers = {
    brought: await brought('brought'),
    leaving: await make('leaving', bit('WrapKey'), 256, [boolean('Extractable', true)]),
    encrypting: await make('encrypting', bit('WrapKey') | bit('Encrypt')),
    decrypting: await make('decrypting', bit('WrapKey') | bit('Decrypt')),
  }
  const under = async (wrapper: string) =>
    said((await as('2.1', ['Get', [id(key), wrappedUnder(wrapper)]])).items[0])
  for (const [name, wrapper] of Object.entries(wrappers))
    expect([name, await under(wrapper)]).toEqual([name, expect.stringMatching(/^Sensitive KEY-EXPORT/)])
  memory.letPlainKeys('yes')
  for (const [name, wrapper] of Object.entries(wrappers))
    expect([name, await under(wrapper)]).toEqual([name, 'success'])
  // Wrapped, and not in the clear: that nothing else leaves is not undone by it.
  memory.letPlainKeys('wrapped')
  for (const [name, wrapper] of Object.entries(wrappers))
    expect([name, await under(wrapper)]).toEqual([name, 'success'])
  expect(said((await as('2.1', ['Get', [id(key)]])).items[0])).toMatch(/^Sensitive KEY-EXPORT/)
  const later = await as('2.1', ['Get', [id(await make('later', bit('Encrypt')))]])
  expect(said(later.items[0])).toMatch(/^Sensitive KEY-EXPORT/)
  memory.letPlainKeys('no')
  expect(await under(await make('new', bit('WrapKey') | bit('UnwrapKey')))).toBe('success')
})

async function registerSecret(): Promise<string> {
  const secret = structure('SecretData', [
    enumeration('SecretDataType', enumerations.SecretDataType.Password),
    structure('KeyBlock', [
      enumeration('KeyFormatType', enumerations.KeyFormatType.Opaque),
      structure('KeyValue', [byteString('KeyMaterial', utf8('kept for its owner'))]),
    ]),
  ])
  const type = enumeration('ObjectType', enumerations.ObjectType.SecretData)
  return String(found(await as('2.1', ['Register', [type, structure('Attributes', []), secret]]))[0])
}

test('KMIP-GET a key that could leave in the clear stays once its project lets none go', async () => {
  memory.letPlainKeys('yes')
  const key = await make('plain', bit('Encrypt'))
  const kept = await registerSecret()
  const got = async (of: string) => said((await as('2.1', ['Get', [id(of)]])).items[0])
  expect(await got(key)).toBe('success')
  memory.letPlainKeys('no')
  expect(await got(key)).toMatch(/^Sensitive KEY-EXPORT/)
  memory.letPlainKeys('wrapped')
  expect(await got(key)).toMatch(/^Sensitive KEY-EXPORT/)
  expect(await got(kept)).toBe('success')
  memory.letPlainKeys('yes')
  expect(await got(key)).toBe('success')
})

test('KMIP-GET nothing leaves of a key or a secret that is switched off, whose version is, or that is to be deleted', async () => {
  memory.letPlainKeys('yes')
  const kek = await make('kek', bit('WrapKey'))
  const [key, secret] = [await make('off', bit('Encrypt')), await registerSecret()]
  const steps: readonly Step[] = [
    ['Get', [id(key)]],
    ['Get', [id(key), wrappedUnder(kek)]],
    ['Get', [id(secret)]],
  ]
  const got = async () => (await send('2.1', steps, { batchErrorContinuation: 1 }, officer)).items.map(said)
  const refused = (rule: string) =>
    steps.map(() => expect.stringMatching(new RegExp(`^WrongKeyLifecycleState ${rule}: `)))
  const there = steps.map(() => 'success')
  const chief = memory.callAs([{ role: 'crypto-officer', organisation: 'o', project: 'p' }])
  const both = async (change: (of: string) => Promise<{ readonly ok: boolean }>) => {
    for (const of of [key, secret]) expect(await change(of)).toMatchObject({ ok: true })
  }
  expect(await got()).toEqual(there)
  await both((of) => memory.keys.patch(chief, { id: of, isDisabled: true }))
  expect(await got()).toEqual(refused('KEY-DISABLED'))
  await both((of) => memory.keys.patch(chief, { id: of, isDisabled: false }))
  expect(await got()).toEqual(there)
  await both((of) => memory.keys.setVersionState(chief, { id: of, version: 1, state: 'disabled' }))
  expect(await got()).toEqual(refused('KEY-VERSION-DISABLED'))
  await both((of) => memory.keys.setVersionState(chief, { id: of, version: 1, state: 'enabled' }))
  expect(await got()).toEqual(there)
  await both((of) => memory.keys.delete(chief, { id: of }))
  expect(await got()).toEqual(refused('KEY-DISABLED'))
})

test('KMIP-GET what waits for the same people for both keys is approved once, and a refusal uses up no approval', async () => {
  const asked: string[] = []
  const keys = openMemoryKeys(now, {
    async take(_, subject) {
      asked.push(`${subject.operation} ${subject.key}`)
      return accept(null)
    },
  })
  memory = { ...memory, ...keys }
  const [kek, key] = [await make('kek', bit('WrapKey')), await make('key', bit('Encrypt'))]
  const waitsFor = (...by: readonly (readonly string[])[]) =>
    client(
      (['service', 'crypto-officer'] as const).map((role, index) => ({
        role,
        organisation: 'o',
        project: 'p',
        conditions: { approvals: { count: 1, by: by[index] ?? [] } },
      })),
    )
  const got = async (who: KmipClient) =>
    said((await send('2.1', [['Get', [id(key), wrappedUnder(kek)]]], {}, who)).items[0])
  expect(await got(waitsFor(['ada', 'kim'], ['kim', 'ada']))).toBe('success')
  expect(asked.splice(0)).toEqual([`key.export-wrapped ${key}`])
  expect(await got(waitsFor(['ada'], ['kim']))).toBe('success')
  expect(asked.splice(0)).toEqual([`key.export-wrapped ${kek}`, `key.export-wrapped ${key}`])
  const chief = memory.callAs([{ role: 'crypto-officer', organisation: 'o', project: 'p' }])
  expect(await memory.keys.patch(chief, { id: key, isDisabled: true })).toMatchObject({ ok: true })
  expect(await got(waitsFor(['ada'], ['kim']))).toMatch(/KEY-DISABLED/)
  expect(asked).toEqual([])
})

test('KMIP-GET whoever came by a session lets no key out and destroys none with a second factor of long ago', async () => {
  const [kek, key] = [await make('kek', bit('WrapKey')), await make('kept', bit('Encrypt'))]
  const minutesAgo = (minutes: number): KmipClient => ({
    ...officer,
    caller: {
      ...officer.caller,
      session: { provedAt: new Date(now().getTime() - minutes * 60_000) },
      circumstances: { time: now(), source: null },
    },
  })
  const steps: readonly Step[] = [
    ['Get', [id(key)]],
    ['Get', [id(key), wrappedUnder(kek)]],
    ['Destroy', [id(key)]],
  ]
  const all = async (minutes: number) =>
    (await send('2.1', steps, { batchErrorContinuation: 1 }, minutesAgo(minutes))).items.map(said)
  expect(await all(11)).toEqual(
    steps.map(() => expect.stringMatching(/^PermissionDenied SECOND-FACTOR-ANEW/)),
  )
  expect(await all(9)).toEqual([
    expect.stringMatching(/^Sensitive KEY-EXPORT/),
    'success',
    expect.stringMatching(/^WrongKeyLifecycleState KEY-STATE/),
  ])
})

test('KMIP-STATE a compromised key makes nothing new, and what it made is opened until it is destroyed', async () => {
  const key = await make('lost', bit('Encrypt') | bit('Decrypt'))
  const sealed = values(payloadOf(await as('2.1', ['Encrypt', [id(key), data('text')]])), 'Data')[0]
  const decrypt: Step = ['Decrypt', [id(key), byteString('Data', sealed as Uint8Array)]]
  const revoke: Step = [
    'Revoke',
    [id(key), structure('RevocationReason', [enumeration('RevocationReasonCode', 2)])],
  ]
  const state: Step = ['GetAttributes', [id(key), writeName('2.1', 'State')]]
  const stateNow = async () => {
    const [attributes] = payloadOf(await as('2.1', state)).filter(({ tag }) => tag === tags.Attributes)
    return nameOf(
      'State',
      Number(values(attributes?.type === 'structure' ? attributes.value : [], 'State')[0]),
    )
  }
  expect(said((await as('2.1', ['Destroy', [id(key)]])).items[0])).toMatch(
    /^WrongKeyLifecycleState KEY-STATE/,
  )
  expect(said((await as('2.1', revoke)).items[0])).toBe('success')
  expect(await stateNow()).toBe('Compromised')
  expect(said((await as('2.1', ['Encrypt', [id(key), data('text')]])).items[0])).toMatch(
    /^WrongKeyLifecycleState KEY-VERSION-DISABLED/,
  )
  expect(said((await as('2.1', decrypt)).items[0])).toBe('success')
  expect(said((await as('2.1', ['Destroy', [id(key)]])).items[0])).toBe('success')
  expect(await stateNow()).toBe('DestroyedCompromised')
  expect(said((await as('2.1', decrypt)).items[0])).not.toBe('success')
  // Its name is free again.
  expect(await make('lost', bit('Encrypt'))).not.toBe(key)
})

test('KMIP-DESTROY a key that was not made by KMIP is not destroyed at once by it, revoked or not', async () => {
  const reason = structure('RevocationReason', [enumeration('RevocationReasonCode', 1)])
  const destroy = async () => said((await as('1.4', ['Destroy', [id('k1')]])).items[0])
  const refused = /^PermissionDenied KEY-STATE: it was not made as an object/
  expect(await destroy()).toMatch(refused)
  expect(said((await as('1.4', ['Revoke', [id('k1'), reason]])).items[0])).toBe('success')
  expect(await destroy()).toMatch(refused)
  expect(memory.rows.find((one) => one.id === 'k1')?.destroy_at).toBeNull()
})

test('KMIP-ATTRIBUTES a client’s own are added, changed and deleted in both styles; the server’s are not for it to change', async () => {
  const key = await make('described', bit('Encrypt'))
  const one = (value: string) => ({ ...vendors('site'), value: textString('AttributeValue', value) })
  const old = (value: string) => writeAttributes('1.4', [one(value)])
  expect(said((await as('1.4', ['AddAttribute', [id(key), ...old('Graz')]])).items[0])).toBe('success')
  expect(said((await as('1.4', ['ModifyAttribute', [id(key), ...old('Linz')]])).items[0])).toBe('success')
  const shown = async () =>
    payloadOf(await as('1.4', ['GetAttributes', [id(key), textString('AttributeName', 'x-site')]])).slice(1)
  expect(await shown()).toEqual(old('Linz'))
  expect(found(await as('2.1', ['Locate', writeAttributes('2.1', [one('Linz')])]))).toEqual([key])
  expect(
    said((await as('1.4', ['DeleteAttribute', [id(key), textString('AttributeName', 'x-site')]])).items[0]),
  ).toBe('success')
  expect(await shown()).toEqual([])
  const twice = await as('1.4', ['DeleteAttribute', [id(key), textString('AttributeName', 'x-site')]])
  expect(said(twice.items[0])).toMatch(/KMIP-ATTRIBUTE-ABSENT/)
  const stateItem = writeAttributes('1.4', [state('Destroyed')])
  expect(said((await as('1.4', ['ModifyAttribute', [id(key), ...stateItem]])).items[0])).toMatch(
    /^PermissionDenied KMIP-READ-ONLY/,
  )
})

test('KMIP-BATCH an identifier that is left out is that of the operation before', async () => {
  const locate: Step = ['Locate', writeAttributes('1.2', [named('orders')])]
  const response = await send('1.2', [
    locate,
    ['GetAttributes', [writeName('1.2', 'State')]],
    ['Encrypt', [data('t')]],
  ])
  expect(response.items.map(said)).toEqual(['success', 'success', 'success'])
  expect(found(response, 1)).toEqual(['k1'])
  expect(response.items.map(({ id }) => id)).toEqual([0, 1, 2].map((one) => Uint8Array.of(one)))
  const later = await send('2.1', [
    ['Locate', writeAttributes('2.1', [named('orders')])],
    ['GetAttributes', [enumeration('UniqueIdentifier', enumerations.UniqueIdentifier.IDPlaceholder)]],
  ])
  expect(found(later, 1)).toEqual(['k1'])
  // Several were found: none of them is meant.
  const several = await send('1.2', [
    ['Locate', []],
    ['GetAttributes', []],
  ])
  expect(several.items.map(said)[1]).toContain(
    'UniqueIdentifier is missing, and no operation before it named one',
  )
})

test('KMIP-BATCH the first failure ends it, unless the client wants to go on; undoing is refused at once', async () => {
  const steps: readonly Step[] = [
    ['GetAttributes', [id('none')]],
    ['GetAttributes', [id('k1')]],
  ]
  const { Continue, Stop, Undo } = enumerations.BatchErrorContinuationOption
  const with_ = (batchErrorContinuation: number | null) => send('1.2', steps, { batchErrorContinuation })
  expect((await with_(null)).items).toHaveLength(1)
  expect((await with_(Stop)).items).toHaveLength(1)
  expect((await with_(Continue)).items.map(said)[1]).toBe('success')
  memory.audited.length = 0
  expect(said((await with_(Undo)).items[0])).toContain('KMIP-FEATURE: a batch is not undone')
  expect(memory.audited).toEqual([])
})

test('KMIP-BATCH each operation of a batch is one call of its identity’s limit, and those beyond it are not done', async () => {
  limit = openRateLimit(3, () => 0)
  const steps = Array.from({ length: 5 }, (): Step => ['Encrypt', [id('k1'), data('t')]])
  const { items } = await send('2.1', steps, { batchErrorContinuation: 1 })
  expect(items.map(said)).toEqual([
    ...['success', 'success', 'success'],
    ...Array.from({ length: 2 }, () => expect.stringMatching(/^ServerLimitExceeded RATE-LIMITED/)),
  ])
  expect(memory.audited.filter((one) => one.includes('key.encrypt'))).toHaveLength(3)
  const another = { ...client(), caller: { ...client().caller, identity: 'another' } }
  expect((await send('2.1', steps.slice(0, 1), {}, another)).items.map(said)).toEqual(['success'])
})

test('KMIP-BATCH a message of which nothing is done is one call of its identity’s limit too', async () => {
  limit = openRateLimit(2, () => 0)
  const malformed = async () => said((await sendBytes(new Uint8Array(9))).items[0])
  expect(await malformed()).toMatch(/^InvalidMessage TTLV-MALFORMED/)
  const secret = [structure('Credential', [textString('Password', 'the-password')])]
  const step: Step = ['GetAttributes', [id('k1')]]
  const refused = async () => said((await send('1.4', [step], { authentication: secret })).items[0])
  expect(await refused()).toMatch(/KMIP-CREDENTIAL/)
  expect([await malformed(), await refused()]).toEqual([
    expect.stringContaining('RATE-LIMITED'),
    expect.stringContaining('RATE-LIMITED'),
  ])
})

test('KMIP-HEADER credentials are refused, mandatory asynchrony too, and a correlation value comes back', async () => {
  const step: Step = ['GetAttributes', [id('k1')]]
  const secret = [structure('Credential', [textString('Password', 'the-password')])]
  const refused = await send('1.2', [step], { authentication: secret })
  expect(said(refused.items[0])).toMatch(/^AuthenticationNotSuccessful KMIP-CREDENTIAL/)
  expect(said(refused.items[0])).not.toContain('the-password')
  const { Mandatory } = enumerations.AsynchronousIndicator
  expect(said((await send('2.1', [step], { asynchronousIndicator: Mandatory })).items[0])).toMatch(
    /KMIP-FEATURE/,
  )
  expect(said((await send('1.2', [step], { asynchronousIndicator: true })).items[0])).toBe('success')
  expect((await send('1.4', [step], { clientCorrelationValue: 'c-7' })).header.clientCorrelationValue).toBe(
    'c-7',
  )
})

test('KMIP-HEADER a response is no longer than the client takes', async () => {
  const step: Step = ['GetAttributes', [id('k1')]]
  const whole = await send('1.2', [step], { maximumResponseSize: 4096 })
  expect(said(whole.items[0])).toBe('success')
  expect(said((await send('1.2', [step], { maximumResponseSize: 256 })).items[0])).toMatch(
    /^ResponseTooLarge KMIP-RESPONSE-SIZE/,
  )
})

test('KMIP-HEADER a batch that asks for long lists again and again stops at what a response may hold', async () => {
  for (let index = 0; index < 600; index++) memory.add(`n${index}`.padEnd(4000, '-'), `many-${index}`)
  const steps = Array.from({ length: 3 }, (): Step => ['Locate', []])
  const { items } = await send('1.2', steps)
  expect(items.map(said)).toEqual([
    'success',
    `ResponseTooLarge KMIP-RESPONSE-SIZE: the response has more than ${maxResponse} bytes`,
  ])
  const header = { maximumResponseSize: 100_000, batchErrorContinuation: 1 }
  const less = await send(
    '1.2',
    [['GetAttributes', [id('k1')]], ...steps, ['GetAttributes', [id('k2')]]],
    header,
  )
  expect(less.items.map((one) => one.result.status)).toEqual([
    'success',
    'failed',
    'failed',
    'failed',
    'success',
  ])
})

test('KMIP-ACCESS every question is recorded by its door, and a role may no more than elsewhere', async () => {
  await send('1.4', [['Encrypt', [id('k1'), data('t')]]])
  expect(memory.audited).toEqual(['kmip client key.encrypt ok'])
  const auditor = client([{ role: 'auditor', organisation: 'o', project: 'p' }])
  expect(said((await send('1.4', [['Encrypt', [id('k1'), data('t')]]], {}, auditor)).items[0])).toMatch(
    /^PermissionDenied ROLE-REFUSED/,
  )
  const stranger = client([{ role: 'service', organisation: 'o', project: 'q' }])
  for (const step of [
    ['Encrypt', [id('k1'), data('t')]],
    ['Locate', []],
  ] as const)
    expect(said((await send('1.4', [step], {}, stranger)).items[0])).toMatch(/^ItemNotFound OBJECT-ABSENT/)
})

test('KMIP-ACCESS a client has his roles in the project of his certificate alone', () => {
  const place = { organisation: 'o', project: 'p' }
  const narrowed = withinProject(
    {
      identity: 'i',
      grants: [
        { role: 'service', organisation: 'o', project: null },
        { role: 'auditor', organisation: null, project: null },
        { role: 'user', organisation: 'o', project: 'q' },
        { role: 'operator', organisation: 'x', project: null },
      ],
    },
    place,
  )
  expect(narrowed.grants).toEqual([
    { role: 'service', ...place },
    { role: 'auditor', ...place },
  ])
})

test('KMIP-FAULT a failure of the server is named, its detail is kept for the log', async () => {
  const { get, encryptObject } = memory.keys
  const fails = (error: Error) => () => Promise.reject(error)
  const away = new EnvironmentError('AUDIT-UNAVAILABLE', '/var/lib/secret-place')
  const broken = {
    ...memory.keys,
    get: Object.assign(fails(away), { entry: get.entry }),
    encryptObject: Object.assign(fails(new TypeError('secret of a bug')), { entry: encryptObject.entry }),
  }
  memory = { ...memory, keys: broken }
  expect(said((await send('1.4', [['GetAttributes', [id('k1')]]])).items[0])).toBe(
    'GeneralFailure AUDIT-UNAVAILABLE: the server could not do it',
  )
  expect(said((await send('1.4', [['Encrypt', [id('k1'), data('t')]]])).items[0])).toBe(
    'GeneralFailure INTERNAL: the server could not do it',
  )
  expect(faults).toHaveLength(2)
})

test('KMIP-HOSTILE whatever is sent is answered by a response, and is no fault', async () => {
  const vectors = kmipVectors()
  const vector = fc.nat(vectors.length - 1)
  expect(said((await sendBytes(new Uint8Array(0))).items[0])).toMatch(/^InvalidMessage TTLV-MALFORMED/)
  await fc.assert(
    fc.asyncProperty(vector, changes, async (index, all) => {
      await sendBytes(spoil(vectors[index]!.request, all))
    }),
    { numRuns: 1000 },
  )
  await fc.assert(
    fc.asyncProperty(vector, rearrangements, async (index, all) => {
      const item = decodeItem(vectors[index]!.request)
      if (item.ok) await sendBytes(encodeItem(rearrange(item.value, all)))
    }),
    { numRuns: 1000 },
  )
  await fc.assert(
    fc.asyncProperty(anyItem, async (item) => {
      await sendBytes(encodeItem(item))
    }),
    { numRuns: 300 },
  )
  expect(faults).toEqual([])
})

test('KMIP-HOSTILE every request of the OASIS cases is answered, and none is a fault', async () => {
  for (const { request } of kmipVectors().slice(0, 1000)) {
    const response = await sendBytes(request)
    expect(response.items.length).toBeGreaterThan(0)
  }
  expect(faults).toEqual([])
})

test('KMIP-REKEY-PAIR a pair is replaced by a pair of its own, and what is no pair by ReKey alone', async () => {
  const pair = await send(
    '1.4',
    [['ReKeyKeyPair', [textString('PrivateKeyUniqueIdentifier', 'k4')]]],
    {},
    officer,
  )
  const [next] = values(payloadOf(pair), 'PrivateKeyUniqueIdentifier')
  expect(values(payloadOf(pair), 'PublicKeyUniqueIdentifier')).toEqual([`${next}.public`])
  const links = await send(
    '1.4',
    [['GetAttributes', [id(String(next)), textString('AttributeName', 'Link')]]],
    {},
    officer,
  )
  expect(JSON.stringify(payloadOf(links))).toContain('"k4"')
  const again = await send(
    '1.4',
    [['ReKeyKeyPair', [textString('PrivateKeyUniqueIdentifier', 'k4')]]],
    {},
    officer,
  )
  expect(said(again.items[0])).toContain('KEY-STATE')
  const other = await send(
    '1.4',
    [['ReKeyKeyPair', [textString('PrivateKeyUniqueIdentifier', 'k1')]]],
    {},
    officer,
  )
  expect(said(other.items[0])).toContain('KMIP-OBJECT-TYPE')
  const first = await send(
    '1.0',
    [['ReKeyKeyPair', [textString('PrivateKeyUniqueIdentifier', 'k4')]]],
    {},
    officer,
  )
  expect(said(first.items[0])).toContain('KMIP-OPERATION')
  const missing = await send('2.1', [['ReKeyKeyPair', []]], {}, officer)
  expect(said(missing.items[0])).toContain('PrivateKeyUniqueIdentifier is missing')
})
