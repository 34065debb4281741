import { signedMessage } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import {
  askedCiphertexts,
  askedCount,
  askedDigests,
  blocksOf,
  checkDecryptionRequest,
  checkRequestCiphertexts,
  decryptionRequestCodec,
  decryptionResultCodec,
  digestOfBatch,
  epochApprovalCodec,
  epochLiveCodec,
  holderAnswerCodec,
  provenanceCodec,
  type RequestFacts,
  redealCodec,
  requestDigest,
  requestPackageCodec,
  signatureContext,
} from '../../src/exports/documents.ts'
import { sampleRecipient } from '../support/people.ts'
import {
  approvers,
  batchRequest,
  encryptor,
  evaluator,
  requester,
  sampleFacts,
  sampleProvenance,
  sampleRequest,
  signedRequest,
} from '../support/sample-request.ts'

const hash = (digit: string) => digit.repeat(64)

function ruleOf(change: Parameters<typeof signedRequest>[0], facts: Partial<RequestFacts> = {}): string {
  const checked = checkDecryptionRequest(signedRequest(change), { ...sampleFacts, ...facts })
  return checked.ok ? 'accepted' : checked.rule
}

describe('a decryption request', () => {
  it('is accepted when requester, evaluator and approvers signed it', () => {
    const checked = checkDecryptionRequest(signedRequest(), sampleFacts)
    expect(checked).toMatchObject({ ok: true, value: { spends: 2, approvedBy: ['Ann', 'Abe'] } })
  })

  const refused: [string, string, Parameters<typeof signedRequest>[0], Partial<RequestFacts>][] = [
    ['REQUEST-DOMAIN', 'of the other domain', {}, { domain: 'rehearsal' }],
    ['REQUEST-KEY', 'for another key', { request: { keyId: hash('c') } }, {}],
    ['REQUEST-EPOCH', 'for an epoch that is over', { request: { epochId: hash('c') } }, {}],
    ['REQUEST-MODE', 'for ciphertexts of the other mode', {}, { mode: 'F' }],
    ['REQUEST-EXPIRED', 'after its expiry', {}, { now: sampleRequest.expiry }],
    ['REQUEST-REPLAYED', 'a second time', {}, { taken: new Set([sampleRequest.requestId]) }],
    ['REQUEST-COMBINER', 'to another combiner', { request: { combiner: sampleRecipient('x') } }, {}],
    ['REQUEST-REQUESTER', 'of somebody whom the share does not name', { by: evaluator.identity }, {}],
    ['REQUEST-APPROVALS', 'one approver short', { approvedBy: [requester.identity] }, {}],
    ['REQUEST-BUDGET', 'over what is left', {}, { left: 1 }],
    ['PROVENANCE-SIGNER', 'vouched for by the requester', { vouchedBy: requester.identity }, {}],
    ['PROVENANCE-KEY', 'vouched for under another key', { provenance: { keyId: hash('d') } }, {}],
    ['PROVENANCE-DOMAIN', 'vouched for in a rehearsal', { provenance: { domain: 'rehearsal' } }, {}],
    ['REQUEST-PROVENANCE', 'for a ciphertext nobody names', { provenance: { ciphertexts: [hash('9')] } }, {}],
    ['REQUEST-PROVENANCE', 'for a value vouched for as another', { provenance: { type: 'i8' } }, {}],
  ]
  for (const [rule, what, change, facts] of refused) {
    it(`${rule} is refused ${what}`, () => expect(ruleOf(change, facts)).toBe(rule))
  }

  it('PROVENANCE-ADMISSION mode F takes no value that was computed from a proven list', () => {
    const asF = { request: { mode: 'F' as const, budget: 4 }, vouchedBy: encryptor.identity }
    const fresh = {
      mode: 'F' as const,
      inputs: [{ digest: hash('3'), admitted: 'client-key' as const, by: 'Enno' }],
    }
    expect(ruleOf({ ...asF, provenance: fresh }, { mode: 'F' })).toBe('accepted')
    expect(ruleOf({ ...asF, provenance: { mode: 'F' } }, { mode: 'F' })).toBe('PROVENANCE-ADMISSION')
    // An evaluator is no encryptor: what it signs has the noise of a computation.
    const evaluated = { ...asF, provenance: fresh, vouchedBy: evaluator.identity }
    expect(ruleOf(evaluated, { mode: 'F' })).toBe('PROVENANCE-SIGNER')
  })

  it('ciphertexts that were answered in this epoch cost nothing', () => {
    expect(ruleOf({}, { left: 1, fresh: 1 })).toBe('accepted')
  })

  it('REQUEST-APPROVALS an approval of other bytes counts as nothing', () => {
    const given = signedRequest()
    const other = signedRequest({ request: { what: 'something else' } })
    const checked = checkDecryptionRequest({ ...given, approvals: other.approvals }, sampleFacts)
    expect(checked).toMatchObject({ ok: false, rule: 'REQUEST-APPROVALS' })
  })

  it('REQUEST-CIPHERTEXT is refused with swapped, missing or foreign ciphertexts', () => {
    const asked = [
      { digest: hash('1'), type: 'u8', provenance: hash('0') },
      { digest: hash('2'), type: 'u8', provenance: hash('0') },
    ]
    const given = signedRequest({ request: { ciphertexts: asked, budget: 4 } })
    expect(checkRequestCiphertexts(given, [hash('1'), hash('2')]).ok).toBe(true)
    for (const digests of [[hash('2'), hash('1')], [hash('1')], [hash('1'), hash('3')]])
      expect(checkRequestCiphertexts(given, digests)).toMatchObject({ rule: 'REQUEST-CIPHERTEXT' })
  })

  it('REQUEST-MALFORMED the budget is the number of blocks', () => {
    const wrong = decryptionRequestCodec.payload.check({ ...sampleRequest, budget: 3 })
    expect(wrong).toMatchObject({ ok: false, rule: 'REQUEST-MALFORMED' })
    expect([blocksOf('bool', 'S'), blocksOf('u8', 'F'), blocksOf('u2', 'S'), blocksOf('i64', 'S')]).toEqual([
      1, 4, 1, 16,
    ])
  })

  it('a package is the same after a round trip, and needs the provenance that it names', () => {
    const given = signedRequest()
    const bytes = requestPackageCodec.encode(given)
    expect(requestPackageCodec.parse(bytes)).toEqual({ ok: true, value: given })
    expect(requestPackageCodec.check({ ...given, provenance: [] })).toMatchObject({
      rule: 'REQUEST-MALFORMED',
    })
    expect(requestDigest(given.request.payload)).toMatch(/^[0-9a-f]{64}$/)
  })

  it('approvers sign the requester’s bytes under a context of their own', () => {
    const bytes = decryptionRequestCodec.signedBytes(sampleRequest)
    const contexts = ['decryption-request', 'decryption-approval'] as const
    const [asked, approved] = contexts.map((what) =>
      signedMessage(signatureContext(what, 'production'), bytes),
    )
    expect(asked).not.toEqual(approved)
    expect(approvers).toHaveLength(2)
    expect(signatureContext('provenance', 'production')).toBe('lux-fhe/v1/provenance')
  })
})

describe('a request of version 2', () => {
  const digests = ['1', '2', '3'].map(hash)
  it('is accepted for a batch as its evaluator signed for it, and tells each ciphertext', () => {
    const given = batchRequest([digests])
    expect(checkDecryptionRequest(given, sampleFacts)).toMatchObject({ ok: true, value: { spends: 6 } })
    expect(requestPackageCodec.parse(requestPackageCodec.encode(given))).toEqual({ ok: true, value: given })
    expect(askedCiphertexts(given).map(({ digest }) => digest)).toEqual(digests)
    expect([askedCount(given.request.payload), askedDigests(given.request.payload)]).toEqual([
      3,
      [digestOfBatch(digests)],
    ])
    expect(checkRequestCiphertexts(given, digests)).toMatchObject({ ok: true })
    expect(checkRequestCiphertexts(given, digests.toReversed())).toMatchObject({ rule: 'REQUEST-CIPHERTEXT' })
  })

  it('REQUEST-PROVENANCE is refused for another batch or type than was vouched for, or one of a list', () => {
    const rule = (...given: Parameters<typeof batchRequest>) => {
      const checked = checkDecryptionRequest(batchRequest(...given), sampleFacts)
      return checked.ok ? 'accepted' : checked.rule
    }
    const [first, second] = [digestOfBatch(digests.slice(1)), digestOfBatch(digests)]
    expect(rule([digests], { batch: { count: 3, digest: first } })).toBe('REQUEST-PROVENANCE')
    expect(rule([digests], { batch: { count: 2, digest: second } })).toBe('REQUEST-PROVENANCE')
    expect(rule([digests], { type: 'i8' })).toBe('REQUEST-PROVENANCE')
    const listed = signedRequest()
    const mixed = batchRequest([digests])
    const asked = { ...mixed, provenance: listed.provenance }
    expect(checkDecryptionRequest(asked, sampleFacts)).toMatchObject({ rule: 'REQUEST-PROVENANCE' })
  })

  it('REQUEST-MALFORMED is refused with other ciphertexts than the batch has, one twice, or batches of version 1', () => {
    const given = batchRequest([digests])
    const malformed = (batches: string[][]) => requestPackageCodec.check({ ...given, batches })
    for (const batches of [[], [digests.slice(1)], [digests.toReversed()], [digests, digests]])
      expect(malformed(batches)).toMatchObject({ ok: false, rule: 'REQUEST-MALFORMED' })
    const twice = [hash('1'), hash('1')]
    expect(requestPackageCodec.check(batchRequest([twice]))).toMatchObject({
      detail: expect.stringContaining('a ciphertext is listed twice'),
    })
    expect(requestPackageCodec.check({ ...signedRequest(), batches: [[hash('1')]] })).toMatchObject({
      rule: 'REQUEST-MALFORMED',
    })
  })

  it('REQUEST-MALFORMED is refused early of 10,001 results, of more blocks, or of a batch twice', () => {
    const { payload } = batchRequest([digests]).request
    const check = (counts: number[], type: string, each: number) =>
      decryptionRequestCodec.payload.check({
        ...payload,
        batches: counts.map((count, at) => ({
          type,
          count,
          digest: hash('1'),
          provenance: `${at}`.padStart(64, '0'),
        })),
        budget: counts.reduce((sum, count) => sum + count, 0) * each,
      })
    expect(check([10_000], 'u8', 2)).toMatchObject({ ok: true })
    expect(check([10_001], 'u8', 2)).toMatchObject({ rule: 'REQUEST-MALFORMED' })
    expect(check([5000, 5001], 'u8', 2)).toMatchObject({ detail: 'batches: more than 10000 ciphertexts' })
    expect(check([1250], 'u64', 16)).toMatchObject({ ok: true })
    expect(check([1251], 'u64', 16)).toMatchObject({
      detail: 'more blocks than one request may ask for',
    })
    const [one] = payload.v === 2 ? payload.batches : []
    expect(
      decryptionRequestCodec.payload.check({ ...payload, batches: [one, one], budget: 12 }),
    ).toMatchObject({ detail: 'batches: a batch is asked for twice' })
  })
})

describe('messages of holders', () => {
  const common = { v: 1, domain: 'production' } as const
  const place = {
    ceremonyId: '1'.repeat(32),
    planHash: hash('2'),
    keyId: hash('3'),
    oldEpochId: hash('4'),
  }
  const samples: [string, { encode(value: never): Uint8Array; parse(bytes: Uint8Array): unknown }, object][] =
    [
      ['PROVENANCE', provenanceCodec.payload, sampleProvenance],
      [
        'ANSWER',
        holderAnswerCodec.payload,
        {
          ...common,
          kind: 'holder-answer',
          request: hash('1'),
          keyId: hash('2'),
          epochId: hash('3'),
          holder: 1,
          name: 'Hana',
          decision: 'approved',
          reason: '',
          sealed: hash('4'),
          spent: 2,
          left: { at64: 0, at128: 98 },
          time: '2026-01-15T10:00:00.000Z',
        },
      ],
      [
        'RESULT',
        decryptionResultCodec.payload,
        {
          ...common,
          kind: 'decryption-result',
          request: hash('1'),
          answers: [hash('2'), hash('3')],
          outcome: 'combined',
          verified: 0,
          cheaters: [],
          commitment: hash('4'),
          time: '2026-01-15T10:00:00.000Z',
        },
      ],
      [
        'EPOCH-APPROVAL',
        epochApprovalCodec.payload,
        {
          ...common,
          kind: 'epoch-approval',
          ...place,
          epoch: 1,
          t: 2,
          n: 3,
          roster: hash('5'),
          dealerMask: 3,
          holder: 1,
          name: 'Hana',
          left: { at64: 0, at128: 98 },
        },
      ],
      [
        'REDEAL',
        redealCodec.payload,
        {
          ...common,
          kind: 'redeal',
          ...place,
          t: 2,
          n: 2,
          dealer: 1,
          name: 'Hana',
          correction: hash('5'),
          commitments: hash('6'),
          envelopes: [hash('7'), hash('8')],
        },
      ],
      [
        'EPOCH-LIVE',
        epochLiveCodec.payload,
        {
          ...common,
          kind: 'epoch-live',
          ...place,
          epochId: hash('5'),
          epoch: 1,
          t: 2,
          n: 2,
          acknowledgements: [hash('6'), hash('7')],
          time: '2026-01-15T10:00:00.000Z',
        },
      ],
    ]
  for (const [rule, codec, sample] of samples) {
    it(`${rule} reads what it wrote, and refuses an unknown member`, () => {
      const bytes = codec.encode(sample as never)
      expect(codec.parse(bytes)).toEqual({ ok: true, value: sample })
      const more = new TextEncoder().encode(new TextDecoder().decode(bytes).replace('{', '{"!":1,'))
      expect(codec.parse(more)).toMatchObject({ ok: false, rule: `${rule}-MALFORMED` })
    })
  }

  it('ANSWER-MALFORMED an approval without an answer, or a refusal with one', () => {
    const [, , answer] = samples[1] ?? ['', null, {}]
    for (const change of [{ sealed: null }, { decision: 'refused' }, { reason: 'no' }])
      expect(holderAnswerCodec.payload.check({ ...answer, ...change })).toMatchObject({
        rule: 'ANSWER-MALFORMED',
      })
  })
})
