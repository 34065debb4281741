import { encodeCanonical } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { type Command, decide, view } from '../src/index.ts'
import { FakeCore } from './engine/fake-core.ts'
import { planOf } from './engine/plans.ts'
import { rule } from './engine/runs.ts'
import { sign, someone } from './engine/seats.ts'
import { life, standing } from './engine/standing.ts'

const hash = (digit: string) => digit.repeat(64)

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
