import { encodeCanonical, type Json } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { type Command, decide, view } from '../src/index.ts'
import type { DecryptionRequest } from '../src/wire/decryption-request.ts'
import { decryptionRequestCodec } from '../src/wire/decryption-request.ts'
import { type Provenance, provenanceCodec } from '../src/wire/provenance.ts'
import { FakeCore } from './engine/fake-core.ts'
import { requestExpiry, requestFor, requestTime } from './engine/fhe-people.ts'
import { planOf } from './engine/plans.ts'
import { rule } from './engine/runs.ts'
import { sign, someone } from './engine/seats.ts'

const life = planOf('fhe-life', 'production')
const hash = (digit: string) => digit.repeat(64)

// One run to each place, copied for every test: the way there is the same.
const runs = new Map<string, FakeCore>()
function standing(step: string): FakeCore {
  const before = runs.get(step) ?? new FakeCore(life.plan, life.hash, 'production')
  if (!runs.has(step)) before.runTo(step)
  runs.set(step, before)
  const copy = new FakeCore(life.plan, life.hash, 'production', true, structuredClone(before.disk))
  copy.loggedIn = true
  return copy
}

type Change = { request?: Partial<DecryptionRequest>; provenance?: Partial<Provenance> }
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
    const ciphertexts = payload.ciphertexts.map((one) => ({ ...one, type: 'u254' }))
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

describe('a holder’s answer', () => {
  const answer = (run: FakeCore, change: Record<string, unknown>) => rule(run, run.answer(change))

  it('ANSWER-01 is refused about another request, key or epoch', () => {
    const run = standing('answer-request')
    for (const change of [
      { request: hash('1') },
      { keyId: hash('1') },
      { epochId: hash('1') },
      { domain: 'rehearsal' },
    ])
      expect(answer(run, change)).toBe('ANSWER-01')
    expect(answer(run, {})).toBe('answer.taken')
  })

  it('ANSWER-02 is refused when the budget does not add up', () => {
    const run = standing('answer-request')
    expect(answer(run, { spent: 5 })).toBe('ANSWER-02')
    const later = standing('answer-request-again')
    later.step()
    const [known] = later.state.budgets.filter(({ epochId }) => epochId === later.state.epoch?.epochId)
    expect(known?.left.at64).toBe(96)
    const canary = standing('answer-canary')
    expect(answer(canary, { spent: 4, left: { at64: 96, at128: 0 } })).toBe('ANSWER-02')
  })

  it('REQUEST-EXPIRED is refused when it was given too late, yet a refusal is still heard', () => {
    const run = standing('answer-request')
    expect(answer(run, { time: requestExpiry })).toBe('REQUEST-EXPIRED')
    const no = { decision: 'refused', reason: 'too late', sealed: null, spent: 0, time: requestExpiry }
    expect(answer(run, { ...no, left: { at64: 100, at128: 0 } })).toBe('answer.taken')
  })

  it('SUBMIT-03 to SUBMIT-05 only by a holder of the epoch, once, and signed', () => {
    const run = standing('answer-request')
    expect(answer(run, { holder: 2 })).toBe('SUBMIT-03')
    expect(answer(run, { name: 'Holder Four' })).toBe('SUBMIT-03')
    const good = run.answer({})
    expect(
      rule(run, { ...good, signature: run.answer({ spent: 3, left: { at64: 97, at128: 0 } }).signature }),
    ).toBe('SUBMIT-04')
    run.must(good)
    expect(rule(run, good)).toBe('SUBMIT-05')
  })
})

describe('a result', () => {
  it('RESULT-01 is refused about other answers or another request', () => {
    const run = standing('take-result')
    expect(rule(run, run.answer({ answers: [hash('1')] }))).toBe('RESULT-01')
    expect(rule(run, run.answer({ request: hash('1') }))).toBe('RESULT-01')
    const unsigned = { ...run.answer({}), signature: run.answer({ verified: 0 }).signature }
    expect(rule(run, unsigned)).toBe('SUBMIT-04')
    expect(rule(run, run.answer({ outcome: 'inconsistent', commitment: null, verified: 0 }))).toBe(
      'result.taken',
    )
  })

  it('RESULT-02 a canary that fails keeps the new epoch from going live', () => {
    const run = standing('result-canary')
    expect(rule(run, run.answer({ outcome: 'inconsistent', commitment: null, verified: 0 }))).toBe(
      'RESULT-02',
    )
    expect(rule(run, run.answer({ cheaters: [2] }))).toBe('RESULT-02')
  })
})

describe('the next epoch', () => {
  it('EPOCH-01 is approved only as the plan has it', () => {
    const run = standing('approve-epoch')
    const changes = [
      { epoch: 2 },
      { t: 3 },
      { roster: hash('1') },
      { dealerMask: 5 },
      { planHash: hash('1') },
      { oldEpochId: hash('1') },
    ]
    for (const change of changes) expect(rule(run, run.answer(change))).toBe('EPOCH-01')
    expect(rule(run, run.answer({ left: { at64: 1000, at128: 0 } }))).toBe('ANSWER-02')
    expect(rule(run, run.answer({ holder: 3 }))).toBe('SUBMIT-03')
    const good = run.answer({})
    run.must(good)
    expect(rule(run, good)).toBe('SUBMIT-05')
    expect(view(run.state).needs).toMatchObject({ kind: 'epoch-approvals', stillNeeded: 1 })
  })

  it('REDEAL-01 is dealt only for this plan and quorum, and everything in it is fresh', () => {
    const run = standing('redeal')
    for (const change of [{ t: 3 }, { planHash: hash('1') }, { envelopes: [hash('1')] }])
      expect(rule(run, run.answer(change))).toBe('REDEAL-01')
    expect(rule(run, run.answer({ dealer: 3 }))).toBe('SUBMIT-03')
    const good = run.answer({})
    run.must(good)
    expect(rule(run, good)).toBe('SUBMIT-05')
    const [dealt] = run.state.reshare!.redealt
    expect(rule(run, run.answer({ correction: dealt!.correction }))).toBe('REDEAL-01')
  })

  it('ACKNOWLEDGE-01 a new holder proves what all dealers sealed, not what one of them did', () => {
    const run = standing('acknowledge-next')
    const payload = run.acknowledgement('Holder Four')
    const said = JSON.parse(new TextDecoder().decode(payload))
    const [dealt] = run.state.reshare!.redealt
    const wrong = encodeCanonical({ ...said, envelopeDigest: dealt!.envelopes[1] })
    const { identity } = someone('holder', 'Holder Four', 'production')
    const by = (bytes: Uint8Array): Command => ({
      type: 'submit',
      what: 'acknowledgement',
      payload: bytes,
      signature: sign(identity, 'acknowledgement', 'production', bytes),
    })
    expect(rule(run, by(wrong))).toBe('ACKNOWLEDGE-01')
    expect(rule(run, by(payload))).toBe('holder.acknowledged')
  })

  it('RUN-11 production starts from exactly the epoch of the plan', () => {
    const { plan, hash: planHash } = planOf('threshold-decryption', 'production')
    const run = new FakeCore(plan, planHash, 'production')
    const start = run.startCommand()
    const other = { ...start.epoch!, epochId: hash('1') }
    for (const epoch of [null, other])
      expect(decide(run.state, { ...start, epoch })).toMatchObject({ ok: false, rule: 'RUN-11' })
    const dealt = new FakeCore(life.plan, life.hash, 'production')
    expect(decide(dealt.state, { ...dealt.startCommand(), epoch: other })).toMatchObject({ rule: 'RUN-11' })
  })
})

describe('a ciphertext', () => {
  it('REQUEST-CIPHERTEXT is compared by whoever has the files: a holder, the server and core', async () => {
    const { checkRequestCiphertexts } = await import('../src/wire/check-request.ts')
    const run = standing('take-request')
    const given = requestFor(run, 'first')
    expect(checkRequestCiphertexts(given, [hash('9')])).toMatchObject({ rule: 'REQUEST-CIPHERTEXT' })
  })
})
