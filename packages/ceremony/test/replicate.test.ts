import { describe, expect, it } from 'vitest'
import { owed, replay, view } from '../src/exports/engine.ts'
import { lintPlan, type Plan } from '../src/exports/plan.ts'
import { FakeCore } from './engine/fake-core.ts'
import { copyOf, planOf, stepIn, without } from './engine/plans.ts'

const made = planOf('replicate-root', 'production')
const fresh = () => new FakeCore(made.plan, made.hash, 'production')
const refusals = (change: (plan: Plan) => void): string[] => {
  const plan = copyOf(made.plan)
  change(plan)
  return lintPlan(plan).map(({ rule, step }) => `${rule} ${step}`.trim())
}

describe('a plan that brings the root into another token by the vendor’s way', () => {
  it('lints as shipped', () => expect(refusals(() => {})).toEqual([]))

  it('PLAN-22 is refused with a token whose profile has no such way', () => {
    const other = (profile: 'softhsm' | 'nshield') => (plan: Plan) => {
      plan.tokens[1]!.profile = profile
    }
    expect(refusals(other('softhsm'))).toEqual(['PLAN-22 replicate-root'])
    // Both clone, but not into each other.
    expect(refusals(other('nshield'))).toEqual(['PLAN-22 replicate-root'])
    expect(
      refusals((plan) => {
        plan.keys[0]!.replication = 'vendor-wrap'
      }),
    ).toEqual(['PLAN-22 replicate-root'])
  })

  it('lints with two measured tokens, whose way the plan says, and PLAN-22 with one of them', () => {
    const measured = (which: number[]) => (plan: Plan) => {
      for (const at of which)
        Object.assign(plan.tokens[at]!, { profile: 'measured', needs: ['kwp', 'unwrap-template', 'gcm'] })
    }
    expect(refusals(measured([0, 1]))).toEqual([])
    expect(refusals(measured([1]))).toEqual(['PLAN-22 replicate-root'])
  })

  it('PLAN-34 is refused without the proof before it, a second time, or into the root’s own token', () => {
    expect(lintPlan(without(made.plan, 'prove-root')).map(({ rule }) => rule)).toEqual(['PLAN-34'])
    expect(
      refusals((plan) => {
        const part = plan.parts.find(({ kind }) => kind === 'replication')!
        part.steps.push({ ...stepIn(plan, 'replicate-root'), id: 'again' })
      }),
    ).toEqual(['PLAN-34 again'])
    expect(
      refusals((plan) => {
        delete stepIn(plan, 'replicate-root').token
      }),
    ).toEqual(['PLAN-34 replicate-root'])
  })

  it('PLAN-34 is refused with a new token, whose cloning domain nobody has set', () => {
    expect(
      refusals((plan) => {
        Object.assign(plan.tokens[1]!, { serial: 'new', label: 'spare' })
      }),
    ).toContain('PLAN-34 replicate-root')
  })

  it('PLAN-34 is refused where the root and the steps contradict each other', () => {
    expect(
      refusals((plan) => {
        plan.keys[0]!.replication = 'none'
      }),
    ).toEqual(['PLAN-34 replicate-root'])
    expect(lintPlan(without(made.plan, 'replicate-root')).map(({ rule }) => rule)).toEqual(['PLAN-34'])
  })

  it('PLAN-53 is refused into a token that was not attacked', () => {
    expect(lintPlan(without(made.plan, 'probe-spare')).map(({ rule }) => rule)).toEqual(['PLAN-53'])
  })

  it('PLAN-32 is refused with servers as destinations, which receive by the window alone', () => {
    const { destinations } = planOf('root-kek', 'production').plan
    expect(
      refusals((plan) => {
        plan.destinations = destinations
      }),
    ).toContain('PLAN-32')
  })
})

describe('a run that brings the root into another token', () => {
  it('asks for that token’s PIN, records who did what, and goes on with a proof that is equal', () => {
    const run = fresh()
    run.runTo('replicate-root')
    expect(view(run.state).needs).toMatchObject({
      kind: 'pin',
      names: ['Operator'],
      pins: [{ token: 'spare', serial: 'b2c3d4e5', user: 'user' }],
      values: [{ id: 'vendor-record' }],
    })
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    const [replica] = run.state.replicas
    expect(replica).toMatchObject({ id: 'root-kek', token: 'spare', way: 'vendor-clone' })
    expect(replica?.digest).toBe(run.state.proofs[0]?.digest)
    const confirmed = run.disk.entries.find(
      ({ kind, stepId }) => kind === 'step.confirmed' && stepId === 'replicate-root',
    )
    expect(confirmed?.fact).toMatchObject({ by: 'Operator', input: { 'vendor-record': '42' } })
    const again = replay(run.header, run.plan, run.disk.entries)
    expect(again.ok && again.state).toEqual(run.state)
  })

  it.each([
    ['another key', { digest: 'ee'.repeat(32) }],
    ['another mechanism', { mechanism: 'another' }],
    ['another way', { way: 'vendor-wrap' }],
    ['another token', { serial: 'c3d4e5f6' }],
    ['more than the root', { objects: [{ ckaId: '44'.repeat(16), class: 'secret', label: 'other' }] }],
    ['objects that cannot be read', { unreadable: 1 }],
  ])('opens an exception that only a retry closes, for %s', (_what, change) => {
    const run = fresh()
    run.spoil = ({ kind }, result) =>
      kind === 'prove-replica' ? { result: { ...(result as object), ...change } } : null
    run.runTo('replicate-root')
    run.step()
    expect(owed(run.state)?.kind).toBe('prove-replica')
    run.step()
    expect(run.state.exceptions[0]).toMatchObject({ about: 'mismatch', choices: ['retry', 'abort'] })
    expect(run.state.replicas).toEqual([])
  })

  it('opens an exception for a root that may leave the other token', () => {
    const run = fresh()
    run.spoil = ({ kind }, result) => {
      if (kind !== 'prove-replica') return null
      const spoilt = structuredClone(result) as { evidence: { attributes: Record<string, boolean> } }
      spoilt.evidence.attributes.EXTRACTABLE = true
      return { result: spoilt }
    }
    run.runTo('replicate-root')
    run.step()
    run.step()
    expect(run.state.exceptions[0]?.happened).toBe('EXTRACTABLE reads true, expected false')
  })
})
