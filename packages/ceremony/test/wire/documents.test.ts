import { signWith } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import {
  acknowledgementCodec,
  cardCodec,
  closeoutCodec,
  envelopeSignedBytes,
  receiptCodec,
  refusalCodec,
  serverCardCodec,
  signatureAnswerCodec,
  signatureContext,
  signatureRequestCodec,
  verifyEnvelope,
} from '../../src/exports/documents.ts'
import { makePerson, makeServer } from '../support/people.ts'

const hash = (digit: string) => digit.repeat(64)
const holder = makePerson('holder', 'Hana', 'production')
const server = makeServer('server', 'production')
const common = { v: 1, domain: 'production' } as const
const time = '2026-01-15T09:00:00.000Z'

const receipt = {
  ...common,
  kind: 'receipt',
  ceremonyId: '1'.repeat(32),
  bundleDigest: hash('2'),
  audience: hash('3'),
  sequence: '1',
  roots: [
    {
      key: 'root',
      rootId: '4'.repeat(32),
      node: 'node-1',
      serial: 'abc',
      ckaId: '5'.repeat(32),
      mechanism: 'KWP-RFC5649',
      possession: hash('6'),
      attributes: { EXTRACTABLE: false, KEY_TYPE: 31, LABEL: 'root' },
      transportKeyDestroyed: true,
    },
  ],
  policyVersion: 1,
  policyDigest: hash('7'),
  time,
} as const
const samples: [string, { encode(value: never): Uint8Array; parse(bytes: Uint8Array): unknown }, object][] = [
  ['CARD', cardCodec, holder.card],
  ['SERVER-CARD', serverCardCodec, server.card],
  ['RECEIPT', receiptCodec.payload, receipt],
  [
    'REFUSAL',
    refusalCodec.payload,
    {
      ...common,
      kind: 'refusal',
      audience: hash('1'),
      bundleDigest: null,
      check: 'ZIP-PROFILE',
      detail: 'cut off',
      time,
    },
  ],
  [
    'ACKNOWLEDGEMENT',
    acknowledgementCodec.payload,
    {
      ...common,
      kind: 'acknowledgement',
      ceremonyId: '1'.repeat(32),
      keyId: hash('1'),
      epochId: hash('2'),
      holder: 1,
      name: 'Hana',
      shareDigest: hash('3'),
      envelopeDigest: hash('4'),
    },
  ],
  [
    'CLOSEOUT',
    closeoutCodec.payload,
    {
      ...common,
      kind: 'closeout',
      ceremonyId: '1'.repeat(32),
      bundleDigest: hash('1'),
      lastCheckpoint: hash('2'),
      receipts: [hash('3')],
      entries: [
        { seq: '9', time, stepId: 'run', kind: 'run.sealed', salt: '0'.repeat(32), fact: { size: 1 } },
      ],
      size: '10',
      node: hash('4'),
      root: hash('5'),
      time,
    },
  ],
  [
    'SIGNATURE-REQUEST',
    signatureRequestCodec,
    { ...common, kind: 'signature-request', what: 'opening', subject: 'e30=', lines: ['a run opens'] },
  ],
  [
    'SIGNATURE-ANSWER',
    signatureAnswerCodec,
    {
      ...common,
      kind: 'signature-answer',
      what: 'opening',
      subject: hash('1'),
      signature: { signer: hash('2'), ed25519: `${'A'.repeat(86)}==` },
    },
  ],
]

describe.each(samples)('%s', (rule, codec, value) => {
  // The table pairs each codec with a value of its own type.
  const bytes = codec.encode(value as never)
  const patched = (from: string, to: string) =>
    new TextEncoder().encode(new TextDecoder().decode(bytes).replace(from, to))

  it('is read back as it was written', () => {
    expect(codec.parse(bytes)).toEqual({ ok: true, value })
  })

  it(`${rule}-MALFORMED an unknown member, another version, trailing bytes and white space are refused`, () => {
    const refused = { ok: false, rule: `${rule}-MALFORMED` }
    expect(codec.parse(patched('{', '{"a":1,'))).toMatchObject(refused)
    expect(codec.parse(patched('"v":1', '"v":4'))).toMatchObject(refused)
    expect(codec.parse(patched('"production"', '"training"'))).toMatchObject(refused)
    expect(codec.parse(new Uint8Array([...bytes, 0x0a]))).toMatchObject(refused)
    expect(codec.parse(new Uint8Array([0x20, ...bytes]))).toMatchObject(refused)
    expect(codec.parse(bytes.subarray(0, -1))).toMatchObject(refused)
  })
})

describe('signed documents', () => {
  const group = { role: 'server', members: [{ name: 'server', keys: server.card.receiptKey }], quorum: 1 }
  const document = { payload: receipt, signatures: [] as ReturnType<typeof receiptCodec.sign>[] }
  // The sample is the payload type, its literals readonly.
  const payload = structuredClone(receipt) as unknown as Parameters<typeof receiptCodec.sign>[1]

  it('a receipt verifies by the receipt key in its domain alone', () => {
    const signed = {
      ...document,
      payload,
      signatures: [receiptCodec.sign(server.receipt, payload, 'production')],
    }
    expect(receiptCodec.verify(signed, 'production', [group])).toMatchObject({ ok: true })
    expect(receiptCodec.verify(signed, 'rehearsal', [group])).toMatchObject({ rule: 'SIGNATURE-INVALID' })
    const changed = { ...signed, payload: { ...payload, sequence: '2' } }
    expect(receiptCodec.verify(changed, 'production', [group])).toMatchObject({ rule: 'SIGNATURE-INVALID' })
    expect(receiptCodec.verify({ ...signed, signatures: [] }, 'production', [group])).toMatchObject({
      rule: 'QUORUM-SHORT',
    })
  })

  it('a signature made for one document does not pass for another', () => {
    const asRefusal = signWith(
      server.receipt,
      signatureContext('refusal', 'production'),
      receiptCodec.signedBytes(payload),
    )
    const document = { payload, signatures: [asRefusal] }
    expect(receiptCodec.verify(document, 'production', [group])).toMatchObject({ rule: 'SIGNATURE-INVALID' })
  })

  it('ENVELOPE-SIGNATURE-INVALID refuses an envelope of another digest or domain', () => {
    const context = signatureContext('share-envelope', 'production')
    const signature = signWith(holder.identity, context, envelopeSignedBytes(hash('a')))
    expect(verifyEnvelope(holder.card.keys, 'production', hash('a'), signature)).toMatchObject({ ok: true })
    const rule = 'ENVELOPE-SIGNATURE-INVALID'
    expect(verifyEnvelope(holder.card.keys, 'production', hash('b'), signature)).toMatchObject({ rule })
    expect(verifyEnvelope(holder.card.keys, 'rehearsal', hash('a'), signature)).toMatchObject({ rule })
  })

  it('CARD-MALFORMED refuses a name that hides or reorders text, and a recipient of anyone but a holder', () => {
    const named = (name: string) => cardCodec.check({ ...holder.card, name })
    for (const name of ['', 'a\u202eb', 'a\nb', 'x'.repeat(201)])
      expect(named(name)).toMatchObject({ rule: 'CARD-MALFORMED' })
    expect(cardCodec.check({ ...holder.card, kind: 'officer' })).toMatchObject({ rule: 'CARD-MALFORMED' })
  })
})
