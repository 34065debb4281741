import { describe, expect, it } from 'vitest'
import { owed, replay, view } from '../src/exports/engine.ts'
import { lintPlan, type Plan } from '../src/exports/plan.ts'
import { FakeCore } from './engine/fake-core.ts'
import { copyOf, planOf, stepIn, without } from './engine/plans.ts'

const made = planOf('root-several', 'production')
const fresh = () => new FakeCore(made.plan, made.hash, 'production')
const rulesOf = (plan: Plan) => lintPlan(plan).map(({ rule, step }) => `${rule} ${step}`.trim())
const refusals = (change: (plan: Plan) => void): string[] => {
  const plan = copyOf(made.plan)
  change(plan)
  return rulesOf(plan)
}

describe('a plan that brings its root to servers and a spare token in one window', () => {
  it('lints as shipped, and without a server', () => {
    expect(refusals(() => {})).toEqual([])
    expect(refusals((plan) => (plan.destinations = []))).toEqual([])
  })

  it('PLAN-34 is refused where no step brings the spare its root, or brings it before its proof, or twice', () => {
    expect(rulesOf(without(made.plan, 'bring-spare'))).toEqual(['PLAN-34'])
    expect(rulesOf(without(made.plan, 'prove-root'))).toEqual(['PLAN-34 bring-spare'])
    expect(
      refusals((plan) => {
        const part = plan.parts.find(({ kind }) => kind === 'root-kek')!
        part.steps.push({ ...stepIn(plan, 'bring-spare'), id: 'again' })
      }),
    ).toEqual(['PLAN-34 again'])
    expect(refusals((plan) => delete plan.keys[0]!.spares)).toEqual(['PLAN-34 bring-spare'])
  })

  it('PLAN-52 and PLAN-53 are refused where the spare is not logged in to, or was not attacked, before the window', () => {
    expect(rulesOf(without(made.plan, 'log-in-spare'))).toContain('PLAN-52 generate-root')
    expect(rulesOf(without(made.plan, 'probe-spare'))).toContain('PLAN-53 generate-root')
  })

  it('PLAN-22 is refused with a spare that does not hold what a root demands', () => {
    expect(refusals((plan) => (plan.tokens[1]!.profile = 'yubihsm'))).toContain('PLAN-22 bring-spare')
  })

  it('PLAN-32 is refused where the root stays in its token, or goes by the vendor’s way', () => {
    expect(refusals((plan) => (plan.keys[0]!.replication = 'none'))).toContain('PLAN-32')
    expect(refusals((plan) => (plan.keys[0]!.replication = 'vendor-clone'))).toContain('PLAN-32')
  })

  it('takes a new spare, whose log-in comes before the window', () => {
    expect(
      refusals((plan) => {
        Object.assign(plan.tokens[1]!, { serial: 'new', label: 'spare' })
        const [part] = plan.parts
        const at = part!.steps.findIndex(({ id }) => id === 'log-in-spare')
        part!.steps.splice(at, 0, {
          ...stepIn(plan, 'log-in-spare'),
          id: 'new-spare',
          do: 'initialise-token',
        })
      }),
    ).toEqual([])
  })
})

describe('a measured token', () => {
  const asked = copyOf(made.plan)
  for (const token of asked.tokens)
    Object.assign(token, { profile: 'measured', needs: ['kwp', 'unwrap-template', 'gcm', 'trusted-window'] })

  it('lints wherever the plan asks for what its steps need, and not without', () => {
    expect(rulesOf(asked)).toEqual([])
    const spare = copyOf(asked)
    // A spare only receives: it needs no window of its own.
    spare.tokens[1]!.needs = ['kwp', 'unwrap-template']
    expect(rulesOf(spare)).toEqual([])
    spare.tokens[1]!.needs = ['kwp']
    expect(rulesOf(spare)).toEqual(['PLAN-22 bring-spare'])
  })

  it('opens an exception where its probe does not show a need', () => {
    const run = new FakeCore(asked, made.hash, 'production')
    run.spoil = ({ kind }, result) =>
      kind === 'probe-token' ? { result: { ...(result as object), measured: ['kwp', 'gcm'] } } : null
    run.runToEffect('probe-token')
    run.step()
    expect(run.state.exceptions[0]).toMatchObject({
      about: 'mismatch',
      happened: 'it does not show unwrap-template, trusted-window',
    })
  })

  it('runs to its end where every probe shows them', () => {
    const run = new FakeCore(asked, made.hash, 'production')
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
  })
})

describe('a run that brings its root to a spare token', () => {
  it('asks for no PIN at the spare, and ends with a proof that is equal', () => {
    const run = fresh()
    run.runTo('bring-spare')
    expect(view(run.state).needs).toMatchObject({ kind: 'confirm' })
    const transport = run.state.keys[0]?.spares[0]
    expect(transport).toMatchObject({ token: 'spare', serial: 'b2c3d4e5' })
    run.step()
    expect(owed(run.state)).toMatchObject({ kind: 'prove-replica', way: 'trusted-window', transport })
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    expect(run.state.replicas).toMatchObject([{ id: 'root-kek', token: 'spare', way: 'trusted-window' }])
    expect(run.state.replicas[0]?.digest).toBe(run.state.proofs[0]?.digest)
    const again = replay(run.header, run.plan, run.disk.entries)
    expect(again.ok && again.state).toEqual(run.state)
  })

  it.each([
    ['a spare that the plan does not name', { spares: [] }],
    ['a key that was trusted beside them', { trusted: ['ab'.repeat(32)] }],
  ])('opens an exception for %s', (_what, change) => {
    const run = fresh()
    run.spoil = ({ kind }, result) =>
      kind === 'generate-root' ? { result: { ...(result as object), ...change } } : null
    run.runToEffect('generate-root')
    run.step()
    expect(run.state.exceptions[0]).toMatchObject({ about: 'mismatch' })
    expect(run.state.keys).toEqual([])
  })

  it.each([
    ['another key than the root', { digest: 'ee'.repeat(32) }],
    [
      'its transport pair left behind',
      { objects: [{ ckaId: '77'.repeat(16), class: 'private', label: 't' }] },
    ],
  ])('opens an exception for %s in the spare', (_what, change) => {
    const run = fresh()
    run.spoil = ({ kind }, result) =>
      kind === 'prove-replica' ? { result: { ...(result as object), ...change } } : null
    run.runTo('bring-spare')
    run.step()
    run.step()
    expect(run.state.exceptions[0]).toMatchObject({ about: 'mismatch' })
    expect(run.state.replicas).toEqual([])
  })
})
