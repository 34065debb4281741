import { describe, expect, it } from 'vitest'
import { type Command, view } from '../src/exports/engine.ts'
import { lintPlan, type Plan } from '../src/exports/plan.ts'
import { FakeCore } from './engine/fake-core.ts'
import { copyOf, planOf, without } from './engine/plans.ts'
import { rule } from './engine/runs.ts'
import { sign, someServer } from './engine/seats.ts'

const made = planOf('root-vendor', 'production')
const refusals = (plan: Plan): string[] => lintPlan(plan).map(({ rule }) => rule)

describe('a plan whose root the vendor’s tool brings to servers', () => {
  it('lints as shipped, with the spare alone and with the server alone', () => {
    expect(refusals(made.plan)).toEqual([])
    expect(refusals({ ...made.plan, destinations: [] })).toEqual([])
    expect(refusals(without(made.plan, 'replicate-root'))).toEqual([])
  })

  it('PLAN-34 is refused where nothing brings the root anywhere', () =>
    expect(refusals({ ...without(made.plan, 'replicate-root'), destinations: [] })).toEqual(['PLAN-34']))

  it('PLAN-32 is refused with a transport key, to which nothing would be wrapped', () => {
    const plan = copyOf(made.plan)
    plan.destinations = planOf('root-kek', 'production').plan.destinations
    expect(refusals(plan)).toContain('PLAN-32')
  })
})

describe('the receipt of a server that adopted its root', () => {
  const awaiting = (): FakeCore => {
    const run = new FakeCore(made.plan, made.hash, 'production')
    run.runTo('receipt')
    return run
  }
  const given = (run: FakeCore, change: object): Command => {
    const payload = run.receipt(change as never)
    const signature = sign(someServer('production').receipt, 'receipt', 'production', payload)
    return { type: 'submit', what: 'receipt', payload, signature }
  }
  const answer = (run: FakeCore, change: object = {}): string => rule(run, given(run, change))

  it('RECEIPT-02 is refused where it shows no root, or another than was proved', () => {
    const run = awaiting()
    const [root] = JSON.parse(new TextDecoder().decode(run.receipt())).roots
    expect(answer(run, { roots: [] })).toBe('RECEIPT-02')
    for (const change of [
      { possession: 'ab'.repeat(32) },
      { rootId: 'ab'.repeat(16) },
      { mechanism: 'other' },
      { key: 'other' },
    ])
      expect(answer(run, { roots: [{ ...root, ...change }] })).toBe('RECEIPT-02')
    expect(view(run.state).state).not.toBe('Receipted')
  })

  it('is taken with the proof of the ceremony, whatever node and token it names', () => {
    const run = awaiting()
    const [root] = JSON.parse(new TextDecoder().decode(run.receipt())).roots
    const adopted = { ...root, node: 'node-7', serial: 'another', way: 'vendor-clone' }
    expect(answer(run, { v: 2, roots: [adopted] })).toBe('run.receipted')
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
  })
})
