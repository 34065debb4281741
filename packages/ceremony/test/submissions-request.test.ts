import { encodeCanonical, type Json } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { askedCiphertexts, decryptionRequestCodec } from '../src/documents/threshold/decryption-request.ts'
import { provenanceCodec } from '../src/documents/threshold/provenance.ts'
import { type Command, view } from '../src/exports/engine.ts'
import type { FakeCore } from './engine/fake-core.ts'
import { requestExpiry, requestFor, requestTime } from './engine/fhe-people.ts'
import { rule } from './engine/runs.ts'
import { sign, someone } from './engine/seats.ts'
import { standing } from './engine/standing.ts'

const hash = (digit: string) => digit.repeat(64)

type Change = Parameters<typeof requestFor>[2]
const asking = (run: FakeCore, change: Change = {}, now = requestTime): Command => ({
  type: 'take-request',
  decryption: 'first',
  package: requestFor(run, 'first', change) as unknown as Json,
  now,
})

describe('a request', () => {
  const refused: [string, Change][] = [
    ['REQUEST-DOMAIN is refused of a rehearsal', { request: { domain: 'rehearsal' } }],
    ['REQUEST-KEY is refused for another key', { request: { keyId: hash('1') } }],
    ['REQUEST-EPOCH is refused for another epoch', { request: { epochId: hash('1') } }],
    ['REQUEST-MODE is refused in the other mode', { request: { mode: 'S', budget: 2 } }],
    ['REQUEST-COMBINER is refused to somebody else', { request: { combiner: `age1pq1${'q'.repeat(60)}` } }],
    ['REQUEST-WHAT is refused for something else than the plan says', { request: { what: 'all names' } }],
    [
      'REQUEST-PROVENANCE is refused for a ciphertext that nobody vouches for',
      { provenance: { ciphertexts: [hash('5')] } },
    ],
    ['PROVENANCE-DOMAIN is refused vouched for in a rehearsal', { provenance: { domain: 'rehearsal' } }],
    ['PROVENANCE-KEY is refused vouched for under another key', { provenance: { keyId: hash('6') } }],
    [
      'PROVENANCE-ADMISSION is refused for what was computed, in mode F',
      { provenance: { inputs: [{ digest: hash('7'), admitted: 'proof', by: 'x' }] } },
    ],
  ]
  it.each(refused)('%s', (name, change) => {
    const run = standing('take-request')
    expect(rule(run, asking(run, change))).toBe(name.split(' ')[0])
  })

  it('REQUEST-EXPIRED is refused once it has expired', () => {
    const run = standing('take-request')
    expect(rule(run, asking(run, {}, requestExpiry))).toBe('REQUEST-EXPIRED')
    expect(rule(run, asking(run))).toBe('request.taken')
  })

  it('REQUEST-REPLAYED is refused a second time', () => {
    const run = standing('take-request-again')
    const { requestId } = run.state.decryptions[0]!.request!
    const again = asking(run, { request: { requestId } })
    const command = {
      ...again,
      decryption: 'second',
      package: requestFor(run, 'second', { request: { requestId } }),
    }
    expect(rule(run, command as never)).toBe('REQUEST-REPLAYED')
  })

  it('REQUEST-REQUESTER is refused without a requester’s signature', () => {
    const run = standing('take-request')
    const given = requestFor(run, 'first')
    const { payload } = given.request
    const bytes = decryptionRequestCodec.signedBytes(payload)
    const stranger = someone('requester', 'Mallory', 'production').identity
    const signatures = [sign(stranger, 'decryption-request', 'production', bytes)]
    const command = { ...asking(run), package: { ...given, request: { payload, signatures } } }
    expect(rule(run, command as never)).toBe('REQUEST-REQUESTER')
  })

  it('PROVENANCE-SIGNER is refused where only the requester vouches', () => {
    const run = standing('take-request')
    const given = requestFor(run, 'first')
    const { payload } = given.provenance[0]!
    const { identity } = someone('requester', 'requester', 'production')
    const signatures = [provenanceCodec.sign(identity, payload, 'production')]
    const command = { ...asking(run), package: { ...given, provenance: [{ payload, signatures }] } }
    expect(rule(run, command as never)).toBe('PROVENANCE-SIGNER')
  })

  it('REQUEST-BUDGET is refused when those who are left cannot answer it', () => {
    const run = standing('take-request-again')
    const { epochId } = run.state.epoch!
    run.state = {
      ...run.state,
      budgets: run.state.epoch!.holders.map((name) => ({ epochId, name, left: { at64: 3, at128: 0 } })),
    }
    const command = { ...asking(run), decryption: 'second', package: requestFor(run, 'second') }
    expect(rule(run, command as never)).toBe('REQUEST-BUDGET')
  })

  it('REQUEST-CANARY is refused for a second canary of one epoch', () => {
    const run = standing('take-canary')
    const asked = { ...asking(run), decryption: 'canary', package: requestFor(run, 'canary') } as never
    expect(rule(run, asked)).toBe('request.taken')
    const { state } = run
    const [first] = state.decryptions
    run.state = {
      ...state,
      plan: { ...state.plan, decryptions: state.plan.decryptions!.map((one) => ({ ...one, canary: true })) },
      decryptions: [{ ...first!, epoch: state.reshare!.next }, ...state.decryptions.slice(1)],
    }
    expect(rule(run, asked)).toBe('REQUEST-CANARY')
  })

  it('REQUEST-CANARY is refused for a canary too small to show a wrong correction', () => {
    const run = standing('take-canary')
    const small = requestFor(run, 'canary', { provenance: { type: 'u254' } })
    const { request, ...rest } = small
    const { payload } = request
    const ciphertexts = askedCiphertexts(small).map((one) => ({ ...one, type: 'u254' }))
    const smaller = { ...payload, ciphertexts, budget: 127 }
    const signatures = [
      decryptionRequestCodec.sign(
        someone('requester', 'requester', 'production').identity,
        smaller,
        'production',
      ),
    ]
    const asked = { ...rest, request: { payload: smaller, signatures } }
    expect(rule(run, { ...asking(run), decryption: 'canary', package: asked } as never)).toBe(
      'REQUEST-CANARY',
    )
  })

  it('REQUEST-CANARY is refused for a canary that a dealer’s own key vouches for', () => {
    const run = standing('take-canary')
    const given = requestFor(run, 'canary')
    const dealer = run.state.plan.reshare!.dealers[0]!
    const { identity } = someone('holder', dealer, 'production')
    // The policy names a holder's key as an encryptor's, which nothing else forbids.
    run.state = {
      ...run.state,
      authorities: {
        ...run.state.authorities,
        encryptors: [identity.keys, ...run.state.authorities.encryptors],
      },
    }
    const { payload } = given.provenance[0]!
    const signatures = [provenanceCodec.sign(identity, payload, 'production')]
    const own = { ...given, provenance: [{ payload, signatures }] }
    const asked = (of: typeof given) => ({ ...asking(run), decryption: 'canary', package: of }) as never
    expect(rule(run, asked(own))).toBe('REQUEST-CANARY')
    expect(rule(run, asked(given))).toBe('request.taken')
  })

  it('SUBMIT-01 and SUBMIT-06 another decryption, another place, or no package', () => {
    const run = standing('take-request')
    expect(rule(run, { ...asking(run), decryption: 'second' } as never)).toBe('SUBMIT-01')
    expect(rule(standing('approve-request'), asking(run))).toBe('SUBMIT-01')
    expect(rule(run, { ...asking(run), package: { any: 1 } } as never)).toBe('SUBMIT-06')
  })
})

describe('an approval', () => {
  it('REQUEST-APPROVALS counts only approvers, over the request’s bytes, each once', () => {
    const run = standing('approve-request')
    const payload = run.signedBytes('decryption-approval')
    const approve = (name: string, bytes = payload, role = 'approver'): Command => ({
      type: 'submit',
      what: 'decryption-approval',
      payload: bytes,
      signature: sign(someone(role, name, 'production').identity, 'decryption-approval', 'production', bytes),
    })
    expect(rule(run, approve('Officer One', payload, 'officer'))).toBe('SUBMIT-03')
    expect(rule(run, approve('Approver One', encodeCanonical({ any: 1 })))).toBe('SUBMIT-02')
    run.must(approve('Approver One'))
    expect(rule(run, approve('Approver One'))).toBe('SUBMIT-05')
    expect(view(run.state).needs).toMatchObject({ what: 'decryption-approval', stillNeeded: 1 })
    run.must(approve('Approver Two'))
    expect(view(run.state).current).toBe('answer-request')
  })
})

describe('a ciphertext', () => {
  it('REQUEST-CIPHERTEXT is compared by whoever has the files: a holder, the server and core', async () => {
    const { checkRequestCiphertexts } = await import('../src/request-rules/decryption.ts')
    const run = standing('take-request')
    const given = requestFor(run, 'first')
    expect(checkRequestCiphertexts(given, [hash('9')])).toMatchObject({ rule: 'REQUEST-CIPHERTEXT' })
  })
})
