import { utf8 } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { type Command, owed, view } from '../src/exports/engine.ts'
import type { FakeCore } from './engine/fake-core.ts'
import { at, fresh, rule, runToNeeds } from './engine/runs.ts'
import { sign, someone, someServer } from './engine/seats.ts'

describe('a submitted signature', () => {
  const submit = (
    run: FakeCore,
    what: 'opening' | 'bundle' | 'checkpoint',
    role: string,
    name: string,
    payload = run.signedBytes(what),
    context: string = what,
  ): Command => ({
    type: 'submit',
    what,
    payload,
    signature: sign(someone(role, name, 'production').identity, context, 'production', payload),
  })

  it('SUBMIT-01 refuses what nothing waits for', () => {
    const run = at('generate-root')
    expect(rule(run, submit(run, 'opening', 'officer', 'Officer Three'))).toBe('SUBMIT-01')
    expect(rule(run, submit(run, 'bundle', 'officer', 'Officer One'))).toBe('SUBMIT-01')
    expect(rule(at('log-in'), submit(run, 'checkpoint', 'witness', 'Witness One'))).toBe('SUBMIT-01')
    run.runToEffect('make-checkpoint')
    expect(rule(run, submit(run, 'checkpoint', 'witness', 'Witness One'))).toBe('SUBMIT-01')
  })

  it('the digest of the bundle that officers are asked to sign is the one that the room has read aloud', () => {
    const run = runToNeeds(fresh(), 'bundle')
    const { needs, bundle } = view(run.state)
    expect(needs).toMatchObject({ kind: 'signatures', subject: bundle?.digest })
    expect(bundle?.digest).not.toBe(run.state.bundle?.subject)
  })

  it.each(['opening', 'bundle', 'checkpoint'] as const)('SUBMIT-02 to SUBMIT-05 guard the %s', (what) => {
    const run = runToNeeds(fresh(), what)
    const [role, name, other] =
      what === 'checkpoint' ? ['witness', 'Witness One', 'officer'] : ['officer', 'Officer One', 'witness']
    const outsider = other === 'officer' ? 'Officer One' : 'Witness One'
    expect(rule(run, submit(run, what, role, name, utf8('something else')))).toBe('SUBMIT-02')
    expect(rule(run, submit(run, what, other, outsider))).toBe('SUBMIT-03')
    expect(rule(run, submit(run, what, role, name, run.signedBytes(what), 'plan-approval'))).toBe('SUBMIT-04')
    run.must(submit(run, what, role, name))
    expect(rule(run, submit(run, what, role, name))).toBe('SUBMIT-05')
  })

  it('SUBMIT-02 refuses an opening of another run', () => {
    const run = runToNeeds(fresh(), 'opening')
    expect(rule(run, submit(run, 'opening', 'officer', 'Officer One', utf8('other')))).toBe('SUBMIT-02')
  })

  it('SUBMIT-03 refuses an opening signed by a holder', () => {
    const run = runToNeeds(fresh(), 'opening')
    expect(rule(run, submit(run, 'opening', 'holder', 'Holder One'))).toBe('SUBMIT-03')
  })

  it('SUBMIT-04 refuses a signature for a rehearsal', () => {
    const run = runToNeeds(fresh(), 'opening')
    const payload = run.signedBytes('opening')
    const signature = sign(
      someone('officer', 'Officer One', 'production').identity,
      'opening',
      'rehearsal',
      payload,
    )
    expect(rule(run, { type: 'submit', what: 'opening', payload, signature })).toBe('SUBMIT-04')
  })

  it('SUBMIT-05 refuses to count one officer twice, and goes on only with k of them', () => {
    const run = runToNeeds(fresh(), 'opening')
    run.must(submit(run, 'opening', 'officer', 'Officer One'))
    expect(view(run.state).needs).toMatchObject({
      kind: 'signatures',
      present: ['Officer One'],
      missing: ['Officer Two', 'Officer Three'],
      stillNeeded: 1,
    })
    expect(rule(run, submit(run, 'opening', 'officer', 'Officer One'))).toBe('SUBMIT-05')
    run.must(submit(run, 'opening', 'officer', 'Officer Three'))
    expect(owed(run.state)).toMatchObject({ kind: 'make-checkpoint', reason: 'opening' })
  })

  const acknowledge = (run: FakeCore, name: string, change: object = {}): Command => {
    const payload = utf8(
      JSON.stringify({ ...JSON.parse(new TextDecoder().decode(run.acknowledgement(name))), ...change }),
    )
    return {
      type: 'submit',
      what: 'acknowledgement',
      payload,
      signature: sign(
        someone('holder', name, 'production').identity,
        'acknowledgement',
        'production',
        payload,
      ),
    }
  }

  it('SUBMIT-06 refuses an acknowledgement that is no such document', () => {
    const run = at('acknowledge-shares')
    expect(rule(run, acknowledge(run, 'Holder One', { zeal: 1 }))).toBe('SUBMIT-06')
    expect(rule(run, { ...acknowledge(run, 'Holder One'), payload: utf8('{"v": 1}') } as Command)).toBe(
      'SUBMIT-06',
    )
  })

  it('ACKNOWLEDGE-01 refuses a proof of another share, envelope, epoch, key, run or domain', () => {
    const run = at('acknowledge-shares')
    const other = 'ab'.repeat(32)
    for (const change of [
      { shareDigest: other },
      { envelopeDigest: other },
      { epochId: other },
      { keyId: other },
      { holder: 2 },
      { ceremonyId: 'ab'.repeat(16) },
      { domain: 'rehearsal' },
    ])
      expect(rule(run, acknowledge(run, 'Holder One', change))).toBe('ACKNOWLEDGE-01')
  })

  it('takes a holder once, never for another, and goes on when all n have proved', () => {
    const run = at('acknowledge-shares')
    const forged = acknowledge(run, 'Holder Two') as Command & { type: 'submit' }
    const mine = acknowledge(run, 'Holder One') as Command & { type: 'submit' }
    expect(rule(run, { ...forged, signature: mine.signature })).toBe('SUBMIT-04')
    run.must(mine)
    expect(rule(run, mine)).toBe('SUBMIT-05')
    expect(rule(run, acknowledge(run, 'Holder One', { name: 'Mallory' }))).toBe('SUBMIT-03')
    run.must(acknowledge(run, 'Holder Three'))
    expect(view(run.state).needs).toEqual({
      kind: 'acknowledgements',
      subject: run.state.fhe?.epochId,
      present: ['Holder One', 'Holder Three'],
      missing: ['Holder Two'],
      next: false,
    })
    run.must(forged)
    expect(view(run.state).current).toBe('seal')
  })

  const receipt = (run: FakeCore, change: Record<string, never> | object = {}): Command => {
    const payload = run.receipt(change as never)
    return {
      type: 'submit',
      what: 'receipt',
      payload,
      signature: sign(someServer('production').receipt, 'receipt', 'production', payload),
    }
  }

  it('RECEIPT-01 refuses a receipt of another bundle, run or domain', () => {
    const run = at('receipt')
    for (const change of [
      { bundleDigest: 'ab'.repeat(32) },
      { ceremonyId: 'ab'.repeat(16) },
      { domain: 'rehearsal' },
    ])
      expect(rule(run, receipt(run, change))).toBe('RECEIPT-01')
    expect(rule(run, receipt(run, { audience: 'ab'.repeat(32) }))).toBe('SUBMIT-03')
  })

  it('RECEIPT-02 refuses a receipt that does not prove the root or keeps the transport key', () => {
    const run = at('receipt')
    const [root] = JSON.parse(new TextDecoder().decode(run.receipt())).roots
    for (const change of [
      { possession: 'ab'.repeat(32) },
      { transportKeyDestroyed: false },
      { rootId: 'ab'.repeat(16) },
      { serial: 'other' },
      { mechanism: 'other' },
      { node: 'node-2' },
    ])
      expect(rule(run, receipt(run, { roots: [{ ...root, ...change }] }))).toBe('RECEIPT-02')
    expect(rule(run, receipt(run, { roots: [] }))).toBe('RECEIPT-02')
    expect(rule(run, receipt(run))).toBe('run.receipted')
  })
})
