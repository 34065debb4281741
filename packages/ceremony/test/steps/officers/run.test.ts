import { sha256Hex, utf8 } from '@lux/crypto'
import { describe, expect, it } from 'vitest'
import { view } from '../../../src/exports/engine.ts'
import { FakeCore } from '../../engine/fake-core.ts'
import { planOf } from '../../engine/plans.ts'
import { sign, someone } from '../../engine/seats.ts'

const { plan, hash } = planOf('officer-change', 'production')
const policy = utf8('the next policy')
const named = ['Officer One', 'Officer Two', 'Officer Three']

/** At the step that reads the next policy, which the actor has begun. */
function begun(): FakeCore {
  const core = new FakeCore(plan, hash, 'production')
  core.runTo('sign-policy')
  core.must({
    type: 'proceed',
    heard: [],
    step: 'sign-policy',
    by: 'Administrator',
    now: '2026-01-31T09:00:30.000Z',
  })
  return core
}

function read(core: FakeCore, change: object = {}): void {
  const result = { policy: sha256Hex(policy), version: 2, quorum: 2, staying: named.slice(0, 2), ahead: [] }
  core.must({
    type: 'outcome',
    step: 'sign-policy',
    attempt: 1,
    effect: 'read-policy',
    result: { ...result, ...change },
  })
}

function signs(core: FakeCore, name: string, payload = policy): string {
  const { identity } = someone('officer', name, 'production')
  const decision = core.dispatch({
    type: 'submit',
    what: 'policy',
    payload,
    signature: sign(identity, 'policy', 'production', payload),
  })
  return decision.ok ? 'taken' : decision.rule
}

describe('the officers sign the next policy', () => {
  it('a policy other than the planned one, or one whose quorum those in the room cannot meet, opens an exception', () => {
    for (const change of [{ policy: '6b'.repeat(32) }, { staying: ['Officer One'] }, { quorum: 3 }]) {
      const core = begun()
      read(core, change)
      expect(view(core.state).needs).toMatchObject({ kind: 'exception' })
    }
    const core = begun()
    read(core, { quorum: 3, ahead: ['Newcomer'] })
    expect(view(core.state).needs).toMatchObject({ kind: 'signatures', what: 'policy', stillNeeded: 2 })
  })

  it('goes on once the quorums of both versions have signed: who leaves counts in the old one alone', () => {
    const core = begun()
    read(core)
    expect(signs(core, 'Officer Three')).toBe('taken')
    expect(view(core.state).needs).toMatchObject({ stillNeeded: 2, present: ['Officer Three'] })
    expect(signs(core, 'Officer Three')).toBe('SUBMIT-05')
    expect(signs(core, 'Officer One', utf8('another policy'))).toBe('SUBMIT-02')
    expect(signs(core, 'Officer One')).toBe('taken')
    expect(view(core.state).needs).toMatchObject({ stillNeeded: 1 })
    expect(signs(core, 'Officer Two')).toBe('taken')
    expect(view(core.state).needs).not.toMatchObject({ what: 'policy' })
    expect(signs(core, 'Officer Two')).toBe('SUBMIT-01')
  })
})
