import type { Json } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { burntSet, decide, owed, replay, view } from '../../../src/exports/engine.ts'
import { lintPlan, type Plan } from '../../../src/exports/plan.ts'
import { FakeCore } from '../../engine/fake-core.ts'
import { statementFor } from '../../engine/fhe-people.ts'
import { copyOf, planOf, stepIn, without } from '../../engine/plans.ts'
import { sign, someone, someServer } from '../../engine/seats.ts'

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
    run.must({
      type: 'proceed',
      heard: [],
      step: 'check-shares',
      by: 'Administrator',
      now: '2026-01-31T09:00:30.000Z',
    })
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
    expect(rules(without(copyOf(plan), 'check-shares')).join()).toContain('a check needs a step check-shares')
    expect(rules(without(copyOf(plan), 'check-medium')).join()).toContain('a check needs a step check-medium')
    const twice = copyOf(plan)
    const part = twice.parts.find(({ kind }) => kind === 'share-check')!
    part.steps.push(...part.steps.map((step) => ({ ...step, id: `${step.id}-again` })))
    expect(rules(twice).join()).toContain('check-shares comes a second time')
    expect(rules(twice).join()).toContain('check-medium comes a second time')
    const { recovery: _gone, ...bare } = copyOf(plan)
    expect(rules(bare).join()).toContain('the plan uses no backup')
  })
})

const drill = planOf('restore-drill', 'production')

function giving(): FakeCore {
  const run = new FakeCore(drill.plan, drill.hash, 'production')
  run.runTo('give-shares')
  return run
}

describe('a restore drill', () => {
  it('asks a quorum, restores the root, proves it, zeroises it, and replays to the same state', () => {
    const run = new FakeCore(drill.plan, drill.hash, 'production')
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    const { backup } = drill.plan.recovery!
    expect(run.state.recovery).toMatchObject({
      said: [one, 'Custodian Two'],
      restored: {
        token: 'spare',
        shares: [1, 2],
        digest: backup.possession,
        evidence: { ckaId: backup.ckaId },
      },
      zeroised: true,
    })
    expect(burntSet(run.state)).toBe(backup.set)
    const loaded = replay(run.header, run.plan, run.disk.entries)
    expect(loaded.ok && loaded.state).toEqual(run.state)
  })

  it('burns the set as soon as a quorum has given its shares, and not before', () => {
    const run = giving()
    expect(burntSet(run.state)).toBeNull()
    const give = (name: string) => {
      const payload = statementFor(run, name)
      const { identity } = someone('custodian', name, run.domain)
      const what = 'custodian-statement'
      run.must({ type: 'submit', what, payload, signature: sign(identity, what, run.domain, payload) })
    }
    give(one)
    expect(burntSet(run.state)).toBeNull()
    give('Custodian Two')
    expect(burntSet(run.state)).toBe(drill.plan.recovery?.backup.set)
    run.runTo('restore-root')
    run.must({
      type: 'proceed',
      heard: [],
      step: 'restore-root',
      by: 'Operator',
      now: '2026-01-31T09:00:30.000Z',
    })
    const owes = owed(run.state)
    expect(owes).toMatchObject({ kind: 'restore-root', intent: 'needed' })
    const [nonce, rootId] = ['11'.repeat(16), '22'.repeat(16)]
    run.must({ type: 'intend', step: 'restore-root', attempt: 1, nonce, rootId })
    expect(burntSet(run.state)).toBe(drill.plan.recovery?.backup.set)
    const failure = { code: 'BACKUP-DIGEST', detail: 'the shares do not hold one secret together' }
    run.must({ type: 'outcome', step: 'restore-root', attempt: 1, effect: 'restore-root', failure })
    expect(burntSet(run.state)).toBe(drill.plan.recovery?.backup.set)
  })

  it('CUSTODIAN-02 refuses a statement that gives nothing, what another gave, and words for a check', () => {
    const run = giving()
    expect(submit(run, statementFor(run, one, { envelope: null }))).toBe('CUSTODIAN-02')
    expect(submit(run, statementFor(run, one, { use: 'check' }))).toBe('CUSTODIAN-02')
    const payload = statementFor(run, one)
    const { identity } = someone('custodian', one, run.domain)
    const what = 'custodian-statement'
    run.must({ type: 'submit', what, payload, signature: sign(identity, what, run.domain, payload) })
    const { envelope } = JSON.parse(Buffer.from(payload).toString())
    const two = 'Custodian Two'
    expect(submit(run, statementFor(run, two, { envelope }), two)).toBe('CUSTODIAN-02')
    expect(submit(run, statementFor(run, two), two)).toBe('taken')
  })

  it('PLAN-75 refuses a ceremony that uses a backup and makes one: the new one would take the place of what the old one needs', () => {
    const custodians = [...drill.plan.recovery!.custodians]
    const both = copyOf(drill.plan)
    both.keys.push({
      id: 'next-root',
      level: 'root',
      name: 'Next root',
      algorithm: 'AES-256',
      backup: { t: 2, n: custodians.length, custodians },
    })
    expect(rules(both).join('\n')).toContain('PLAN-75 a ceremony uses a backup or makes one, never both')
  })

  it('PLAN-75 refuses too few custodians, steps of another use, out of order, and another token to zeroise', () => {
    const few = copyOf(drill.plan)
    few.people = few.people.filter(({ name }) => name === one || !name.startsWith('Custodian'))
    expect(rules(few).join()).toContain('PLAN-75 custodians of that backup: 1 seated, 2 needed')
    const kept = copyOf(drill.plan)
    kept.recovery!.use = 'restore'
    expect(rules(kept).join()).toContain('PLAN-75 a restore has no step zeroise-root')
    const checked = copyOf(drill.plan)
    checked.recovery!.use = 'check'
    expect(rules(checked).join()).toContain('PLAN-75 a check has no step restore-root')
    expect(rules(without(copyOf(drill.plan), 'zeroise-root')).join()).toContain(
      'a drill needs a step zeroise-root',
    )
    const early = copyOf(drill.plan)
    const { steps } = early.parts.find(({ kind }) => kind === 'restore-drill')!
    steps.reverse()
    expect(rules(early).join()).toContain('PLAN-75 zeroise-root comes before restore-root')
    const elsewhere = copyOf(drill.plan)
    delete stepIn(elsewhere, 'zeroise-root').token
    expect(rules(elsewhere).join()).toContain('PLAN-75 the root is in the token spare, not in ceremony')
    expect(rules(without(copyOf(drill.plan), 'probe-spare')).join()).toContain('PLAN-53')
  })
})

describe('the receipt of a server after a restore', () => {
  it('RECEIPT-02 refuses another key than was restored, and takes that key, or none: the token may be no server’s', () => {
    const { plan: of, hash: at } = planOf('root-restore', 'production')
    const core = new FakeCore(of, at, 'production')
    core.runTo('receipt')
    const { backup } = of.recovery!
    const root = {
      key: backup.key,
      rootId: backup.rootId,
      node: 'node-1',
      serial: 'b2c3d4e5',
      ckaId: backup.ckaId,
      mechanism: backup.mechanism,
      possession: backup.possession,
      attributes: { EXTRACTABLE: false },
      transportKeyDestroyed: true,
    }
    const { receipt } = someServer(core.domain)
    const hand = (roots: Json[]): string => {
      const payload = core.receipt({ roots })
      const signature = sign(receipt, 'receipt', core.domain, payload)
      const decision = decide(core.state, { type: 'submit', what: 'receipt', payload, signature })
      return decision.ok ? 'taken' : decision.rule
    }
    for (const change of [
      { serial: 'feedbeef' },
      { ckaId: '6b'.repeat(16) },
      { mechanism: 'KW-RFC3394' },
      { possession: '6b'.repeat(32) },
      { key: 'other' },
    ])
      expect(hand([{ ...root, ...change }])).toBe('RECEIPT-02')
    expect(hand([root])).toBe('taken')
    expect(hand([])).toBe('taken')
  })
})
