import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type EnvelopeContext,
  envelopeKeyId,
  envelopeOverhead,
  openEnvelope,
  readEnvelopeHead,
  sealEnvelope,
} from '../../src/keys/envelope.ts'

const hex = (text: string) => new Uint8Array(Buffer.from(text, 'hex'))

type Vector = {
  name: string
  key: string
  algorithm: 'aes-256-gcm' | 'aes-128-gcm'
  id: string
  keyId: string
  version: number
  organisation: string
  project: string
  aad: string | null
  salt: string
  plaintext: string
  envelope: string
}
const vectors: Vector[] = JSON.parse(
  readFileSync(new URL('../../vectors/envelope.json', import.meta.url), 'utf8'),
)

function contextOf(vector: Vector): EnvelopeContext {
  return {
    algorithm: vector.algorithm,
    keyId: hex(vector.keyId),
    version: vector.version,
    organisation: vector.organisation,
    project: vector.project,
    ...(vector.aad === null ? {} : { aad: hex(vector.aad) }),
  }
}

test.each(vectors)('ENVELOPE-01 $name has the bytes that another implementation computes', (vector) => {
  const context = contextOf(vector)
  expect(Buffer.from(envelopeKeyId(vector.id)).toString('hex')).toBe(vector.keyId)
  const sealed = sealEnvelope(hex(vector.key), context, hex(vector.plaintext), hex(vector.salt))
  expect(Buffer.from(sealed).toString('hex')).toBe(vector.envelope)
  expect(openEnvelope(hex(vector.key), context, sealed)).toEqual({
    ok: true,
    value: Buffer.from(vector.plaintext, 'hex'),
  })
})

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const place = fc.record({
  keyId: bytes(16),
  version: fc.integer({ min: 1, max: 0xffffffff }),
  organisation: fc.string({ maxLength: 12 }),
  project: fc.string({ maxLength: 12 }),
  aad: fc.uint8Array({ maxLength: 20 }),
})

test('ENVELOPE-02 what was sealed opens, and is 106 bytes longer', () => {
  fc.assert(
    fc.property(
      bytes(32),
      place,
      fc.uint8Array({ maxLength: 300 }),
      bytes(32),
      (key, at, plaintext, salt) => {
        const context: EnvelopeContext = { algorithm: 'aes-256-gcm', ...at }
        const sealed = sealEnvelope(key, context, plaintext, salt)
        expect(sealed.length).toBe(plaintext.length + envelopeOverhead)
        const opened = openEnvelope(key, context, sealed)
        expect(opened.ok && Buffer.compare(Buffer.from(opened.value), Buffer.from(plaintext))).toBe(0)
      },
    ),
  )
})

test('ENVELOPE-03 any changed bit, cut or added byte is refused', () => {
  fc.assert(
    fc.property(
      bytes(32),
      place,
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(),
      fc.nat(7),
      (key, at, plaintext, where, bit) => {
        const context: EnvelopeContext = { algorithm: 'aes-256-gcm', ...at }
        const sealed = sealEnvelope(key, context, plaintext, new Uint8Array(32))
        const changed = Uint8Array.from(sealed)
        changed[where % sealed.length]! ^= 1 << bit
        expect(openEnvelope(key, context, changed).ok).toBe(false)
        expect(openEnvelope(key, context, sealed.subarray(0, where % sealed.length)).ok).toBe(false)
        expect(openEnvelope(key, context, Uint8Array.of(...sealed, 0)).ok).toBe(false)
      },
    ),
  )
})

test('ENVELOPE-04 no field of its place can be exchanged, and neighbours cannot trade bytes', () => {
  const key = new Uint8Array(32).fill(7)
  const context: EnvelopeContext = {
    algorithm: 'aes-256-gcm',
    keyId: new Uint8Array(16).fill(1),
    version: 3,
    organisation: 'org',
    project: 'project',
    aad: hex('0102'),
  }
  const sealed = sealEnvelope(key, context, hex('aabb'), new Uint8Array(32))
  const refusedAs = (change: Partial<EnvelopeContext>, by = key) => {
    const result = openEnvelope(by, { ...context, ...change }, sealed)
    return result.ok ? 'opened' : result.rule
  }
  expect(refusedAs({ keyId: new Uint8Array(16).fill(2) })).toBe('ENVELOPE-KEY')
  expect(refusedAs({ version: 4 })).toBe('ENVELOPE-KEY')
  expect(refusedAs({ organisation: 'orgp', project: 'roject' })).toBe('ENVELOPE-TAG')
  expect(refusedAs({ project: 'other' })).toBe('ENVELOPE-TAG')
  expect(refusedAs({ aad: hex('01') })).toBe('ENVELOPE-TAG')
  expect(refusedAs({ aad: new Uint8Array() })).toBe('ENVELOPE-TAG')
  expect(refusedAs({}, new Uint8Array(32).fill(8))).toBe('ENVELOPE-COMMITMENT')
  expect(refusedAs({})).toBe('opened')
})

test('ENVELOPE-05 a foreign or truncated blob is malformed before any key is looked at', () => {
  const rule = (blob: Uint8Array) => {
    const result = readEnvelopeHead(blob)
    return result.ok ? 'read' : result.rule
  }
  expect(rule(new Uint8Array())).toBe('ENVELOPE-MALFORMED')
  expect(rule(new Uint8Array(200))).toBe('ENVELOPE-MALFORMED')
  expect(rule(hex(vectors[0]!.envelope).subarray(0, 105))).toBe('ENVELOPE-MALFORMED')
  expect(rule(hex(vectors[0]!.envelope))).toBe('read')
})
