import { describe, expect, it } from 'vitest'
import { decide, replay, view } from '../../../src/exports/engine.ts'
import { lintPlan, type Plan } from '../../../src/exports/plan.ts'
import { FakeCore } from '../../engine/fake-core.ts'
import { custodianFor } from '../../engine/fhe-people.ts'
import { copyOf, planOf, stepIn, without } from '../../engine/plans.ts'
import { sign, someone } from '../../engine/seats.ts'

const { plan, hash } = planOf('root-backup', 'production')
const one = 'Custodian One'

function dealt(): FakeCore {
  const run = new FakeCore(plan, hash, 'production')
  run.runTo('acknowledge-custodians')
  return run
}

function submit(run: FakeCore, payload: Uint8Array, name = one): string {
  const { identity } = someone('custodian', name, run.domain)
  const signature = sign(identity, 'custodian-acknowledgement', run.domain, payload)
  const what = 'custodian-acknowledgement'
  const decision = decide(run.state, { type: 'submit', what, payload, signature })
  return decision.ok ? 'taken' : decision.rule
}

const rules = (of: Plan) => lintPlan(of).map(({ rule, detail }) => `${rule} ${detail}`)

describe('a root with a backup', () => {
  it('is made, shared and proved by every custodian, closed, and replays to the same state', () => {
    const run = new FakeCore(plan, hash, 'production')
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    expect(run.state.backups).toMatchObject([
      { key: 'root-kek', acknowledged: plan.keys[0]?.backup?.custodians },
    ])
    const loaded = replay(run.header, run.plan, run.disk.entries)
    expect(loaded.ok && loaded.state).toEqual(run.state)
  })

  it('wants both PINs for the window even when no server gets the root', () => {
    const alone = planOf('root-backup', 'production', false)
    const run = new FakeCore(alone.plan, alone.hash, 'production')
    run.runTo('generate-root')
    expect(view(run.state).needs).toMatchObject({ kind: 'pin', pins: [{ user: 'so' }, { user: 'user' }] })
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
  })

  it('CUSTODIAN-01 refuses a share of another set, run, number, commitment or envelope', () => {
    const run = dealt()
    const other = '6b'.repeat(32)
    for (const change of [
      { set: '6b'.repeat(16) },
      { ceremonyId: '6b'.repeat(16) },
      { domain: 'rehearsal' as const },
      { index: 2 },
      { share: other },
      { envelope: other },
    ])
      expect(submit(run, custodianFor(run, one, change))).toBe('CUSTODIAN-01')
    expect(submit(run, custodianFor(run, one))).toBe('taken')
  })

  it('SIGNED-HERE says of a share that was proved at the workstation itself that it was', () => {
    const run = dealt()
    const payload = custodianFor(run, one)
    const { identity } = someone('custodian', one, run.domain)
    const what = 'custodian-acknowledgement'
    const signature = sign(identity, what, run.domain, payload)
    const facts = [{}, { here: true as const }].map((where) => {
      const decision = decide(run.state, { type: 'submit', what, payload, signature, ...where })
      return decision.ok && 'here' in decision.events[0]!.fact
    })
    expect(facts).toEqual([false, true])
  })

  it('SUBMIT-01, SUBMIT-03, SUBMIT-04 and SUBMIT-05 refuse it too early, of strangers, by other keys and twice', () => {
    const early = new FakeCore(plan, hash, 'production')
    early.runTo('generate-root')
    expect(submit(early, custodianFor(early, one))).toBe('SUBMIT-01')
    const run = dealt()
    expect(submit(run, custodianFor(run, one, { name: 'Mallory' }))).toBe('SUBMIT-03')
    expect(submit(run, custodianFor(run, one, { key: 'other' }))).toBe('SUBMIT-03')
    expect(submit(run, custodianFor(run, one), 'Custodian Two')).toBe('SUBMIT-04')
    run.step()
    expect(view(run.state).needs).toEqual({
      kind: 'custodian-acknowledgements',
      present: [one],
      missing: ['Custodian Two', 'Custodian Three'],
    })
    expect(submit(run, custodianFor(run, one))).toBe('SUBMIT-05')
  })

  it('stops where the token proves another root than the backup gives back', () => {
    const run = new FakeCore(plan, hash, 'production')
    run.runTo('prove-root')
    run.runToEffect('prove-possession')
    const result = { mechanism: 'KWP-RFC5649', digest: '6b'.repeat(32) }
    const outcome = decide(run.state, {
      type: 'outcome',
      step: 'prove-root',
      attempt: 1,
      effect: 'prove-possession',
      result,
    })
    expect(outcome.ok && outcome.events.map(({ kind }) => kind)).toContain('exception.opened')
  })
})

describe('a plan with a backup', () => {
  it('PLAN-71 has every custodian prove the share once, after the root is made, and proves the root', () => {
    expect(rules(plan)).toEqual([])
    expect(rules(without(plan, 'acknowledge-custodians'))).toEqual([
      'PLAN-71 no step has Custodian One, Custodian Two, Custodian Three prove the share',
    ])
    expect(rules(without(plan, 'prove-root'))).toEqual([
      'PLAN-71 root-kek has a backup, and no step makes its possession proof',
    ])
    const copy = copyOf(plan)
    const part = copy.parts.find(({ steps }) => steps.some(({ id }) => id === 'acknowledge-custodians'))
    part?.steps.push({
      ...structuredClone(stepIn(copy, 'acknowledge-custodians')),
      id: 'again',
      custodian: one,
    })
    expect(rules(copy)).toEqual(['PLAN-71 Custodian One would prove the share twice'])
  })

  it('PLAN-71 gives none to a root that exists, and says when one is made', () => {
    const copy = copyOf(plan)
    const hex = '11'.repeat(16)
    copy.keys[0]!.existing = { ckaId: hex, rootId: hex, ceremonyId: hex }
    expect(rules(without(copy, 'generate-root'))).toContain(
      'PLAN-71 root-kek is no new root: a backup or a spare token is made in the window in which a root is made, and never for one that exists',
    )
  })

  it('PLAN-60 names a custodian only where the step is theirs and the share too', () => {
    const stranger = copyOf(plan)
    stepIn(stranger, 'acknowledge-custodians').custodian = 'Mallory'
    expect(rules(stranger)).toContain('PLAN-60 Mallory holds no share of a backup of the plan')
    const elsewhere = copyOf(plan)
    stepIn(elsewhere, 'read-back-root').custodian = one
    expect(rules(elsewhere)).toContain('PLAN-60 read-back does not use custodian')
  })
})
