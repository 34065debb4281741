import { describe, expect, it } from 'vitest'
import type { Domain, OwnEffect } from '../../../src/exports/engine.ts'
import { FakeCore } from '../../engine/fake-core.ts'
import { planOf } from '../../engine/plans.ts'

/** A run at this effect, whose token answers it otherwise. */
function spoilt(kind: OwnEffect['kind'], change: object, domain: Domain = 'production'): FakeCore {
  const { plan, hash } = planOf('decommission', domain)
  const run = new FakeCore(plan, hash, domain)
  const effect = run.runToEffect(kind)
  run.spoil = (_effect, result) => {
    const copy: Record<string, unknown> = { ...(result as object), ...change }
    for (const [name, value] of Object.entries(change)) if (value === undefined) delete copy[name]
    return { result: copy as never }
  }
  run.perform(effect)
  run.spoil = () => null
  return run
}

describe('a decommission', () => {
  it.each([
    ['another key', { digest: '6b'.repeat(32) }],
    ['a proof by another mechanism', { mechanism: 'KW-RFC3394' }],
    ['no proof', { digest: undefined, mechanism: undefined }],
    ['a key that is still there', { absent: false }],
  ])('does not take a token as cleared by %s', (_what, change) => {
    const run = spoilt('zeroise-root', change)
    expect(run.state.exceptions[0]).toMatchObject({ about: 'mismatch', step: 'decommission-spare' })
    expect(run.state.decommissioned).toEqual([])
  })

  it('starts with no key but the one that was born: its proof is the plan’s, and a rehearsal’s stand-in has another', () => {
    const run = spoilt('prove-possession', { digest: '6b'.repeat(32) })
    expect(run.state.exceptions[0]?.expected).toContain('as of its birth')
    expect(run.state.proofs).toEqual([])
    const rehearsal = spoilt('prove-possession', { digest: '6b'.repeat(32) }, 'rehearsal')
    expect(rehearsal.state.exceptions).toEqual([])
  })
})
