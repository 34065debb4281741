import { describe, expect, it } from 'vitest'
import { decide, replay, view } from '../../../src/exports/engine.ts'
import { lintPlan, type Plan } from '../../../src/exports/plan.ts'
import { FakeCore } from '../../engine/fake-core.ts'
import { statementFor } from '../../engine/fhe-people.ts'
import { copyOf, planOf, without } from '../../engine/plans.ts'
import { sign, someone } from '../../engine/seats.ts'

const { plan, hash } = planOf('share-check', 'production')
const one = 'Custodian One'

function asked(): FakeCore {
  const run = new FakeCore(plan, hash, 'production')
  run.runTo('check-shares')
  return run
}

function submit(run: FakeCore, payload: Uint8Array, name = one): string {
  const { identity } = someone('custodian', name, run.domain)
  const what = 'custodian-statement'
  const signature = sign(identity, what, run.domain, payload)
  const decision = decide(run.state, { type: 'submit', what, payload, signature })
  return decision.ok ? 'taken' : decision.rule
}

const rules = (of: Plan) => lintPlan(of).map(({ rule, detail }) => `${rule} ${detail}`)

describe('a check of a backup', () => {
  it('is made by every custodian, closed, and replays to the same state', () => {
    const run = new FakeCore(plan, hash, 'production')
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    expect(run.state.recovery).toMatchObject({
      said: plan.recovery?.custodians,
      medium: plan.recovery?.backup.medium,
    })
    const loaded = replay(run.header, run.plan, run.disk.entries)
    expect(loaded.ok && loaded.state).toEqual(run.state)
  })

  it('goes on without a custodian who refuses, once its actor says so, and shows who did', () => {
    const run = asked()
    const payload = statementFor(run, one)
    const { identity } = someone('custodian', one, run.domain)
    const what = 'custodian-statement'
    run.must({ type: 'submit', what, payload, signature: sign(identity, what, run.domain, payload) })
    expect(view(run.state).signatures).toContainEqual(
      expect.objectContaining({ what, present: [one], missing: ['Custodian Two', 'Custodian Three'] }),
    )
    run.must({ type: 'proceed', step: 'check-shares', by: 'Administrator', now: '2026-01-31T09:00:30.000Z' })
    expect(view(run.state).current).toBe('seal')
  })

  it('CUSTODIAN-02 refuses a statement of another run, domain, root, set or share', () => {
    const run = asked()
    for (const change of [
      { ceremonyId: '6b'.repeat(16) },
      { domain: 'rehearsal' as const },
      { key: 'other' },
      { set: '6b'.repeat(16) },
      { share: '6b'.repeat(32) },
    ])
      expect(submit(run, statementFor(run, one, change))).toBe('CUSTODIAN-02')
    expect(submit(run, statementFor(run, one))).toBe('taken')
  })

  it('SUBMIT-01, SUBMIT-03, SUBMIT-04 and SUBMIT-05 refuse it too early, of strangers, by other keys and twice', () => {
    const early = new FakeCore(plan, hash, 'production')
    early.runTo('check-medium')
    expect(submit(early, statementFor(early, one))).toBe('SUBMIT-01')
    const run = asked()
    expect(submit(run, statementFor(run, one, { name: 'Mallory' }))).toBe('SUBMIT-03')
    expect(submit(run, statementFor(run, one, { index: 2 }))).toBe('SUBMIT-03')
    expect(submit(run, statementFor(run, one), 'Custodian Two')).toBe('SUBMIT-04')
    const payload = statementFor(run, one)
    const { identity } = someone('custodian', one, run.domain)
    const what = 'custodian-statement'
    run.must({ type: 'submit', what, payload, signature: sign(identity, what, run.domain, payload) })
    expect(submit(run, payload)).toBe('SUBMIT-05')
  })

  it('RUN-11 refuses to start with another backup than the plan’s, or none', () => {
    const run = new FakeCore(plan, hash, 'production')
    const start = run.startCommand()
    const backup = start.backup!
    const refused = (other: typeof backup | null) => {
      const decision = decide(run.state, { ...start, backup: other })
      return decision.ok ? 'started' : decision.rule
    }
    expect(refused(null)).toBe('RUN-11')
    expect(refused({ ...backup, medium: '6b'.repeat(32) })).toBe('RUN-11')
    expect(refused(backup)).toBe('started')
  })

  it('PLAN-75 refuses other custodians than shares, one twice, a stranger, and steps that are missing or twice', () => {
    const changed = (change: (of: NonNullable<Plan['recovery']>) => void) => {
      const copy = copyOf(plan)
      change(copy.recovery!)
      return rules(copy).join('\n')
    }
    expect(changed((of) => void of.custodians.pop())).toContain(
      'PLAN-75 3 shares, but 2 custodians are named',
    )
    expect(changed((of) => void of.custodians.splice(1, 1, one))).toContain(
      `PLAN-75 the custodian ${one} is named twice`,
    )
    expect(changed((of) => void of.custodians.splice(1, 1, 'Nobody'))).toContain(
      'PLAN-75 Custodian Two holds no share of that backup',
    )
    expect(changed((of) => void Object.assign(of.backup, { t: 4 }))).toContain(
      'PLAN-75 4 of 3 is no quorum of a backup',
    )
    expect(changed((of) => void of.backup.shares.splice(1, 1, of.backup.shares[0]!))).toContain(
      'PLAN-75 two shares are alike',
    )
    expect(rules(without(copyOf(plan), 'check-shares')).join()).toContain('no step has the custodians check')
    expect(rules(without(copyOf(plan), 'check-medium')).join()).toContain('no step checks the medium')
    const twice = copyOf(plan)
    const part = twice.parts.find(({ kind }) => kind === 'share-check')!
    part.steps.push(...part.steps.map((step) => ({ ...step, id: `${step.id}-again` })))
    expect(rules(twice).join()).toContain('the shares are checked a second time')
    expect(rules(twice).join()).toContain('the medium is checked a second time')
    const { recovery: _gone, ...bare } = copyOf(plan)
    expect(rules(bare).join()).toContain('the plan uses no backup')
  })
})
