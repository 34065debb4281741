import { describe, expect, it } from 'vitest'
import { view } from '../../../src/exports/engine.ts'
import { FakeCore } from '../../engine/fake-core.ts'
import { planOf } from '../../engine/plans.ts'
import { sign, someServer } from '../../engine/seats.ts'

/** A run that waits for the receipt of its server. */
function exported(script: 'revocation' | 'kek-rotation'): FakeCore {
  const { plan, hash } = planOf(script, 'production')
  const core = new FakeCore(plan, hash, 'production')
  core.runTo('receipt')
  return core
}

function hand(core: FakeCore, change: Parameters<FakeCore['receipt']>[0]): string {
  const payload = core.receipt(change)
  const { receipt } = someServer(core.domain)
  const decision = core.dispatch({
    type: 'submit',
    what: 'receipt',
    payload,
    signature: sign(receipt, 'receipt', core.domain, payload),
  })
  return decision.ok ? 'taken' : `${decision.rule} ${decision.detail}`
}

describe('the receipt of a server that was told of changes', () => {
  it('RECEIPT-02 refuses one that does not say that every key of the plan is revoked, or says so of another', () => {
    const core = exported('revocation')
    const [key] = core.plan.revokes ?? []
    if (key === undefined) throw new Error('nothing is revoked')
    const missing = { ...key, version: key.version + 1 }
    expect(hand(core, { revoked: [missing] })).toBe(
      `RECEIPT-02 the server does not say that it revoked ${key.id} ${key.version} of ${key.bundle}`,
    )
    expect(hand(core, { revoked: [{ ...key }, missing] })).toContain('RECEIPT-02 the server says that')
    expect(hand(core, {})).toBe('taken')
    expect(view(core.state).current).toBe('close')
  })

  it('RECEIPT-02 refuses a server that replaced what the plan does not name, and takes one that had nothing to replace', () => {
    const core = exported('kek-rotation')
    const strange = { bundle: '6b'.repeat(32), id: 'other', version: 1 }
    expect(hand(core, { replaced: [strange] })).toContain('RECEIPT-02 the server says that')
    const { replaced: _none, ...rest } = JSON.parse(new TextDecoder().decode(core.receipt()))
    expect(rest.revoked).toBeUndefined()
    expect(hand(core, {})).toBe('taken')
  })
})
