import { encodeCanonical } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { type Command, decide, view } from '../src/exports/engine.ts'
import { FakeCore } from './engine/fake-core.ts'
import { answerFor } from './engine/fhe-people.ts'
import { planOf } from './engine/plans.ts'
import { proceed, rule } from './engine/runs.ts'
import { sign, someone } from './engine/seats.ts'
import { life, standing } from './engine/standing.ts'

/** What one holder of the old epoch says is left. */
const said = (run: FakeCore, name: string, left: { at64: number; at128: number }) =>
  answerFor(
    run,
    { kind: 'epoch-approvals', subject: '', present: [], missing: [name], stillNeeded: 1 },
    { left },
  )

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
      { ceremonyId: 'ab'.repeat(16) },
      { domain: 'rehearsal' },
      { keyId: hash('1') },
      { oldEpochId: hash('1') },
    ]
    for (const change of changes) expect(rule(run, run.answer(change))).toBe('EPOCH-01')
    expect(rule(run, run.answer({ left: { at64: 1_000_000, at128: 0 } }))).toBe('ANSWER-02')
    expect(rule(run, run.answer({ left: { at64: 0, at128: 1 } }))).toBe('ANSWER-02')
    expect(rule(run, run.answer({ holder: 3 }))).toBe('SUBMIT-03')
    const good = run.answer({})
    run.must(good)
    expect(rule(run, good)).toBe('SUBMIT-05')
    expect(view(run.state).needs).toMatchObject({ kind: 'epoch-approvals', stillNeeded: 1 })
  })

  it('EPOCH-02 is not assembled while its shares could answer nothing, and who has not spoken is heard until then', () => {
    const run = standing('approve-epoch')
    const { t, holders } = run.state.epoch!
    const left = { at64: 100_000, at128: 0 }
    for (let count = 0; count < t; count++) run.must(run.answer({ left }))
    expect(view(run.state)).toMatchObject({ current: 'redeal', unstated: holders.slice(t) })
    run.runTo('assemble-epoch')
    expect(decide(run.state, proceed('assemble-epoch'))).toMatchObject({
      rule: 'EPOCH-02',
      detail: expect.stringContaining('2 of 3 present holders have said what is left'),
    })
    const late = said(run, holders.at(-1)!, left)
    run.must(late)
    expect(rule(run, late)).toBe('SUBMIT-01')
    expect(view(run.state)).toMatchObject({ current: 'assemble-epoch', unstated: [] })
    expect(run.state.reshare!.approvedBy.map(({ name }) => name)).toEqual(holders)
    run.must(proceed('assemble-epoch'))
  })

  it('SUBMIT-01 what is left is said before the epoch is assembled, and a later word ends no step', () => {
    const run = standing('redeal')
    const [name] = view(run.state).unstated
    const late = said(run, name!, { at64: 300_000, at128: 0 })
    run.must(late)
    expect(view(run.state)).toMatchObject({ current: 'redeal', unstated: [], needs: { kind: 'redeals' } })
    expect(rule(standing('approve-epoch'), said(run, name!, { at64: 300_000, at128: 0 }))).toBe(
      'epoch.approved',
    )
    expect(rule(standing('acknowledge-next'), late)).toBe('SUBMIT-01')
  })

  it('REDEAL-01 is dealt only for this plan and quorum, and everything in it is fresh', () => {
    const run = standing('redeal')
    const changes = [
      { t: 3 },
      { planHash: hash('1') },
      { ceremonyId: 'ab'.repeat(16) },
      { domain: 'rehearsal' },
      { keyId: hash('1') },
      { oldEpochId: hash('1') },
      { envelopes: [hash('1')] },
    ]
    for (const change of changes) expect(rule(run, run.answer(change))).toBe('REDEAL-01')
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

  it('what new holders are asked to prove is named by the epoch that comes', () => {
    const run = standing('acknowledge-next')
    const { epochId } = run.state.reshare!.next!
    expect(view(run.state).needs).toMatchObject({ kind: 'acknowledgements', subject: epochId, next: true })
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
