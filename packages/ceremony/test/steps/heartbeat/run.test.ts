import { describe, expect, it } from 'vitest'
import { decide, replay, view } from '../../../src/exports/engine.ts'
import { lintPlan, type Plan } from '../../../src/exports/plan.ts'
import { FakeCore } from '../../engine/fake-core.ts'
import { heartbeatFor } from '../../engine/fhe-people.ts'
import { copyOf, planOf, stepIn, without } from '../../engine/plans.ts'
import { sign, someone } from '../../engine/seats.ts'

const { plan, hash } = planOf('holder-heartbeat', 'production')

function asked(): FakeCore {
  const run = new FakeCore(plan, hash, 'production')
  run.runTo('take-heartbeats')
  return run
}

function submit(run: FakeCore, payload: Uint8Array, name = 'Holder One'): string {
  const { identity } = someone('holder', name, run.domain)
  const signature = sign(identity, 'heartbeat', run.domain, payload)
  const decision = decide(run.state, { type: 'submit', what: 'heartbeat', payload, signature })
  return decision.ok ? 'taken' : decision.rule
}

const rules = (of: Plan) => lintPlan(of).map(({ rule, detail }) => `${rule} ${detail}`)

describe('a heartbeat of holders', () => {
  it('goes from a challenge of 32 random bytes over every statement to a closed run, and replays to it', () => {
    const run = new FakeCore(plan, hash, 'production')
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    expect(run.state.heartbeat?.challenge).toMatch(/^[0-9a-f]{64}$/)
    expect(run.state.heartbeat?.said).toEqual(plan.fhe?.holders)
    const loaded = replay(run.header, run.plan, run.disk.entries)
    expect(loaded.ok && loaded.state).toEqual(run.state)
  })

  it('HEARTBEAT-01 a statement of another run, challenge, key, epoch or domain is refused', () => {
    const run = asked()
    const other = '6b'.repeat(32)
    for (const change of [
      { challenge: other },
      { keyId: other },
      { epochId: other },
      { ceremonyId: '6b'.repeat(16) },
    ])
      expect(submit(run, heartbeatFor(run, 'Holder One', change))).toBe('HEARTBEAT-01')
    expect(submit(run, heartbeatFor(run, 'Holder One', { domain: 'rehearsal' }))).toBe('HEARTBEAT-01')
    expect(submit(run, heartbeatFor(run, 'Holder One'))).toBe('taken')
  })

  it('SUBMIT-03, SUBMIT-04 and SUBMIT-05 refuse strangers, other signatures and a second statement', () => {
    const run = asked()
    expect(submit(run, heartbeatFor(run, 'Holder One', { holder: 2 }))).toBe('SUBMIT-03')
    expect(submit(run, heartbeatFor(run, 'Holder One', { name: 'Mallory' }))).toBe('SUBMIT-03')
    expect(submit(run, heartbeatFor(run, 'Holder One'), 'Holder Two')).toBe('SUBMIT-04')
    run.step()
    expect(view(run.state).needs).toMatchObject({ kind: 'heartbeats', present: ['Holder One'] })
    expect(submit(run, heartbeatFor(run, 'Holder One'))).toBe('SUBMIT-05')
  })

  it('goes on without those who state nothing once the administrator says so, and nobody else', () => {
    const run = asked()
    run.step()
    const proceed = (by: string) =>
      decide(run.state, {
        type: 'proceed',
        heard: [],
        step: 'take-heartbeats',
        by,
        now: '2026-01-31T12:00:00.000Z',
      })
    expect(proceed('Operator')).toMatchObject({ ok: false, rule: 'STEP-02' })
    expect(proceed('Administrator').ok).toBe(true)
    run.must({
      type: 'proceed',
      heard: [],
      step: 'take-heartbeats',
      by: 'Administrator',
      now: '2026-01-31T12:00:00.000Z',
    })
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    expect(run.state.heartbeat?.said).toEqual(['Holder One'])
    expect(view(run.state).signatures).toContainEqual({
      what: 'heartbeat',
      subject: run.state.heartbeat?.challenge,
      present: ['Holder One'],
      missing: plan.fhe?.holders.slice(1),
    })
  })
})

describe('a plan with a heartbeat', () => {
  it('PLAN-74 is of a key that an earlier ceremony dealt, due after a day or more', () => {
    expect(rules(plan)).toEqual([])
    const fresh = copyOf(plan)
    delete fresh.fhe!.existing
    expect(rules(fresh)).toContain('PLAN-74 nobody holds a share of an earlier ceremony')
    expect(rules({ ...copyOf(plan), heartbeat: { dueDays: 0 } })).toEqual(['PLAN-74 dueDays is 0'])
  })

  it('PLAN-74 is asked once and then taken once', () => {
    expect(rules(without(plan, 'take-heartbeats'))).toEqual([
      'PLAN-74 no step takes the statements of the holders',
    ])
    expect(rules(without(plan, 'ask-heartbeats'))).toEqual(['PLAN-74 the holders are not asked yet'])
    const twice = (id: string) => {
      const copy = copyOf(plan)
      const part = copy.parts.find(({ steps }) => steps.some((step) => step.id === id))
      const at = part?.steps.findIndex((step) => step.id === id) ?? 0
      part?.steps.splice(at, 0, { ...structuredClone(stepIn(copy, id)), id: `${id}-again` })
      return rules(copy)
    }
    expect(twice('ask-heartbeats')).toEqual(['PLAN-74 the holders are asked a second time'])
    expect(twice('take-heartbeats')).toEqual(['PLAN-74 the statements are taken a second time'])
    const { heartbeat: _gone, ...none } = copyOf(plan)
    expect(rules(none)).toEqual(['PLAN-74 the plan has no heartbeat section'])
  })
})
