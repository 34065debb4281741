import { equalBytes } from '@lux/crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { enumerations } from '../../../../src/doors/kmip/codec/enumerations.ts'
import {
  boolean,
  byteString,
  enumeration,
  integer,
  structure,
  textString,
} from '../../../../src/doors/kmip/codec/fields.ts'
import { type TagName, tags } from '../../../../src/doors/kmip/codec/tags.ts'
import { decodeItem, encodeItem, type Item } from '../../../../src/doors/kmip/codec/ttlv.ts'
import { maxBatch, readRequest, writeRequest } from '../../../../src/doors/kmip/message/request.ts'
import { readResponse, reasonIn, writeResponse } from '../../../../src/doors/kmip/message/response.ts'
import { type Version, versions, writeVersion } from '../../../../src/doors/kmip/message/versions.ts'
import { rearrange, rearrangements } from '../support/hostile.ts'
import { kmipVectors } from '../support/vectors.ts'

const decoded = (bytes: Uint8Array): Item => {
  const outcome = decodeItem(bytes)
  if (!outcome.ok) throw new Error(outcome.detail)
  return outcome.value
}

test('KMIP-MESSAGE every request and response of the OASIS cases is read, and written byte-equal', () => {
  const unequal = kmipVectors().flatMap(({ name, request, response }) => {
    const asked = readRequest(decoded(request))
    const answered = readResponse(decoded(response))
    if (!asked.ok || !answered.ok) return [name]
    const same =
      equalBytes(encodeItem(writeRequest(asked.value)), request) &&
      equalBytes(encodeItem(writeResponse(answered.value)), response)
    return same ? [] : [name]
  })
  expect(unequal).toEqual([])
})

test('KMIP-MESSAGE fields left out, repeated, out of order or of another type are refused by a rule, or come out as they came', () => {
  const vectors = kmipVectors()
  let refused = 0
  fc.assert(
    fc.property(fc.nat(vectors.length - 1), rearrangements, (index, all) => {
      const item = rearrange(decoded(vectors[index]!.request), all)
      const request = readRequest(item)
      if (request.ok) {
        expect(equalBytes(encodeItem(writeRequest(request.value)), encodeItem(item))).toBe(true)
        return
      }
      refused++
      expect(request.rule).toMatch(/^KMIP-(MESSAGE|VERSION)$/)
    }),
    { numRuns: 3000 },
  )
  expect(refused).toBeGreaterThan(300)
})

const query = structure('RequestPayload', [enumeration('QueryFunction', 1)])
const item = (...more: readonly Item[]) =>
  structure('BatchItem', [enumeration('Operation', enumerations.Operation.Query), ...more, query])
const message = (version: Version, header: readonly Item[], items: readonly Item[]) =>
  structure('RequestMessage', [structure('RequestHeader', [writeVersion(version), ...header]), ...items])
const refused = (request: Item) => {
  const outcome = readRequest(request)
  return outcome.ok ? 'ok' : `${outcome.rule}: ${outcome.detail}`
}
const one = integer('BatchCount', 1)
const id = byteString('UniqueBatchItemID', Uint8Array.of(1))

test.each<[string, Item, string]>([
  ['a response', structure('ResponseMessage', []), 'KMIP-MESSAGE: RequestMessage: it is no request'],
  ['no header', structure('RequestMessage', [item()]), 'RequestHeader is missing'],
  [
    'no version',
    structure('RequestMessage', [structure('RequestHeader', [one]), item()]),
    'RequestHeader: ProtocolVersion is missing or out of order',
  ],
  ['no count', message('1.2', [], [item()]), 'RequestHeader: BatchCount is missing'],
  [
    'a count of another type',
    message('1.2', [enumeration('BatchCount', 1)], [item()]),
    'BatchCount is of type enum',
  ],
  ['a field twice', message('1.2', [one, one], [item()]), 'RequestHeader: BatchCount does not belong there'],
  [
    'fields out of order',
    message('1.2', [boolean('BatchOrderOption', true), integer('MaximumResponseSize', 9), one], [item()]),
    'BatchCount is missing or out of order',
  ],
  [
    'an unknown field',
    message('1.2', [one, { ...one, tag: 0x540001 }], [item()]),
    'an unknown field does not',
  ],
  [
    'fewer items than counted',
    message('1.2', [integer('BatchCount', 2)], [item(id)]),
    'that BatchCount counts, got 1',
  ],
  ['no items', message('1.2', [integer('BatchCount', 0)], []), 'got 0'],
  [
    'more items than are taken',
    message('1.2', [integer('BatchCount', maxBatch + 1)], Array(maxBatch + 1).fill(item(id))),
    'got 257',
  ],
  [
    'several without ids',
    message('1.2', [integer('BatchCount', 2)], [item(id), item()]),
    'BatchItem: UniqueBatchItemID is missing',
  ],
  [
    'no payload',
    message('1.2', [one], [structure('BatchItem', [enumeration('Operation', 24)])]),
    'RequestPayload',
  ],
  [
    'a correlation value in 1.3',
    message('1.3', [textString('ClientCorrelationValue', 'c'), one], [item()]),
    'RequestHeader: BatchCount is missing or out of order',
  ],
  [
    'an attestation type in 1.1',
    message('1.1', [enumeration('AttestationType', 1), one], [item()]),
    'BatchCount is missing or out of order',
  ],
  [
    'an asynchronous indicator of 2.x in 1.x',
    message('1.4', [enumeration('AsynchronousIndicator', 1), one], [item()]),
    'AsynchronousIndicator is of type enumeration, expected boolean',
  ],
  [
    'an asynchronous indicator of 1.x in 2.x',
    message('2.0', [boolean('AsynchronousIndicator', true), one], [item()]),
    'AsynchronousIndicator is of type boolean, expected enumeration',
  ],
  [
    'ephemeral in 1.4',
    message('1.4', [one], [item(boolean('Ephemeral', true))]),
    'BatchItem: RequestPayload is missing',
  ],
])('KMIP-MESSAGE refused, with the field: %s', (_, request, detail) => {
  expect(refused(request)).toContain(detail)
})

test('KMIP-MESSAGE what a later version brought is read there', () => {
  const correlated = [textString('ClientCorrelationValue', 'c'), one]
  for (const version of versions)
    expect(refused(message(version, correlated, [item()])) === 'ok').toBe(version >= '1.4')
  const attested = [boolean('AttestationCapableIndicator', true), enumeration('AttestationType', 1), one]
  for (const version of versions)
    expect(refused(message(version, attested, [item()])) === 'ok').toBe(version >= '1.2')
  for (const version of versions)
    expect(refused(message(version, [one], [item(boolean('Ephemeral', false))])) === 'ok').toBe(
      version >= '2.0',
    )
})

test('KMIP-VERSION a version that is none is refused by its own rule', () => {
  const of = (major: number, minor: number) =>
    structure('RequestMessage', [
      structure('RequestHeader', [
        structure('ProtocolVersion', [
          integer('ProtocolVersionMajor', major),
          integer('ProtocolVersionMinor', minor),
        ]),
        one,
      ]),
      item(),
    ])
  expect(refused(of(3, 0))).toBe('KMIP-VERSION: version 3.0')
  expect(refused(of(1, 5))).toBe('KMIP-VERSION: version 1.5')
  expect(refused(of(-1, 0))).toBe('KMIP-VERSION: version -1.0')
  for (const version of versions) {
    const [major, minor] = version.split('.').map(Number)
    expect(refused(of(major!, minor!))).toBe('ok')
  }
})

test('KMIP-MESSAGE no refusal quotes what it read', () => {
  const secret = 'a-secret-in-the-message'
  const places: readonly TagName[] = ['Password', 'Username', 'VendorIdentification']
  for (const place of places)
    expect(refused(message('1.2', [one, textString(place, secret)], [item()]))).toBe(
      `KMIP-MESSAGE: RequestHeader: ${place} does not belong there`,
    )
})

test('KMIP-MESSAGE a reason that a version lacks is said by the nearest that it has', () => {
  const { ResultReason: reasons } = enumerations
  expect(reasonIn('2.1', 'WrongKeyLifecycleState')).toBe(reasons.WrongKeyLifecycleState)
  expect(reasonIn('1.4', 'WrongKeyLifecycleState')).toBe(reasons.PermissionDenied)
  expect(reasonIn('1.4', 'Sensitive')).toBe(reasons.Sensitive)
  expect(reasonIn('1.3', 'Sensitive')).toBe(reasons.PermissionDenied)
  for (const version of versions) expect(reasonIn(version, 'ItemNotFound')).toBe(1)
})

test('KMIP-MESSAGE tags are each of one name, and within the ranges of the specification', () => {
  const all = Object.values(tags)
  expect(new Set(all).size).toBe(all.length)
  expect(Math.min(...all)).toBe(0x420001)
  expect(Math.max(...all)).toBe(0x420176)
})
