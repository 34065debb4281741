import { describe, expect, it } from 'vitest'
import { decide, owed, replay, view } from '../src/exports/engine.ts'
import { FakeCore } from './engine/fake-core.ts'
import type { Disk } from './engine/fake-disk.ts'
import { full } from './engine/fhe-people.ts'
import { planOf } from './engine/plans.ts'

const life = planOf('fhe-life', 'production')
const fresh = () => new FakeCore(life.plan, life.hash, 'production')

describe('the life of a threshold key', () => {
  it('goes from the deal over a decryption to a new epoch and a decryption in it', () => {
    const run = fresh()
    run.runToEnd()
    const shown = view(run.state)
    expect(shown.state).toBe('Closed')
    expect(shown.epoch).toMatchObject({ epoch: 1, holders: ['Holder Two', 'Holder Four', 'Holder Five'] })
    expect(shown.decryptions.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['first', 'combined'],
      ['canary', 'combined'],
      ['second', 'combined'],
    ])
    expect(shown.decryptions[0]?.approvedBy).toHaveLength(2)
    expect(shown.decryptions[1]?.approvedBy).toEqual([])
    expect(run.state.reshare?.live).toMatch(/^[0-9a-f]{64}$/)
    expect(new Set(run.state.decryptions.map(({ epoch }) => epoch?.epoch))).toEqual(new Set([0, 1]))
    expect(shown.budgets.map(({ at64 }) => at64)).toEqual([full - 4, full - 4])
  })

  it('replays to the live state', () => {
    const run = fresh()
    run.runToEnd()
    const loaded = replay(run.header, run.plan, run.disk.entries)
    expect(loaded.ok && loaded.state).toEqual(run.state)
    expect(JSON.parse(JSON.stringify(run.state))).toEqual(run.state)
  })

  it.each(['threshold-decryption', 'resharing'] as const)(
    '%s runs by itself, with an epoch of before',
    (name) => {
      const { plan, hash } = planOf(name, 'production')
      const run = new FakeCore(plan, hash, 'production')
      run.runToEnd()
      expect(view(run.state)).toMatchObject({
        state: 'Closed',
        epoch: { epoch: name === 'resharing' ? 1 : 0 },
      })
      expect(run.disk.generated).not.toContain('fhe-key')
    },
  )

  it('shows a holder’s refusal with its reason, and another holder may answer instead', () => {
    const { plan, hash } = planOf('threshold-decryption', 'production')
    const run = new FakeCore(
      { ...plan, decryptions: [{ ...plan.decryptions![0]!, answers: 2 }] },
      hash,
      'production',
    )
    run.runTo('answer-request')
    run.must(
      run.answer({
        decision: 'refused',
        reason: 'I do not know the requester',
        sealed: null,
        spent: 0,
        left: { at64: full, at128: 0 },
      }),
    )
    expect(view(run.state).needs).toMatchObject({
      kind: 'answers',
      refused: ['Holder One'],
      missing: ['Holder Two', 'Holder Three'],
      stillNeeded: 2,
    })
    run.runToEnd()
    expect(view(run.state).decryptions[0]?.answers.map(({ decision }) => decision)).toEqual([
      'refused',
      'approved',
      'approved',
    ])
  })
})

type Snapshot = { disk: Disk; at: string }

describe('a crash in the life of a threshold key', () => {
  const run = fresh()
  const snapshots: Snapshot[] = []
  run.onEdge = () => {
    const { needs, current } = view(run.state)
    snapshots.push({ disk: structuredClone(run.disk), at: `${current} ${needs?.kind}` })
  }
  run.runToEnd()
  // The edges before the deal are those of every run, crash.test.ts.
  const from = snapshots.findIndex(({ at }) => at.startsWith('deal-shares'))

  it.each(snapshots.slice(from).map(({ disk, at }, index) => ({ disk, index, at })))(
    'at edge $index ($at) leads to the same epoch and the same decryptions',
    ({ disk }) => {
      const again = new FakeCore(life.plan, life.hash, 'production', true, structuredClone(disk))
      again.restart()
      again.runToEnd()
      const shown = view(again.state)
      expect(shown.state).toBe('Closed')
      expect(shown.epoch).toEqual(view(run.state).epoch)
      expect(again.state.decryptions.map(({ result }) => result?.outcome)).toEqual([
        'combined',
        'combined',
        'combined',
      ])
      expect(again.disk.generated.filter((label) => label === 'fhe-key')).toHaveLength(1)
    },
  )

  it('has edges around every new effect', () => {
    const kinds = ['assemble-epoch', 'epoch-live', 'redeal', 'answer-request', 'take-canary']
    for (const kind of kinds) expect(snapshots.some(({ at }) => at.startsWith(kind))).toBe(true)
  })

  it('in the middle of assembling asks for the same corrections again', () => {
    const other = fresh()
    const effect = other.runToEffect('assemble-epoch')
    other.restart()
    while (owed(other.state)?.kind !== 'assemble-epoch') other.step()
    expect(owed(other.state)).toEqual(effect)
    const { step, attempt } = effect
    const result = other.execute(effect) as { corrections: string[] }
    const swapped = { ...result, corrections: result.corrections.toReversed() }
    const decision = decide(other.state, {
      type: 'outcome',
      step,
      attempt,
      effect: effect.kind,
      result: swapped,
    })
    expect(decision.ok && decision.events.map(({ kind }) => kind)).toEqual([
      'step.performed',
      'exception.opened',
    ])
  })
})
