import { describe, expect, it } from 'vitest'
import { view } from '../src/exports/engine.ts'
import { FakeCore } from './engine/fake-core.ts'
import { Crash, type Disk } from './engine/fake-disk.ts'
import { planOf } from './engine/plans.ts'

const { plan, hash } = planOf('first-run', 'production')

type Snapshot = { disk: Disk; at: string }

/** The disk as it is at every edge of a run: after each append, and after each effect whose outcome is not yet logged. */
function edges(): { final: FakeCore; snapshots: Snapshot[] } {
  const run = new FakeCore(plan, hash, 'production')
  const snapshots: Snapshot[] = []
  run.onEdge = () => {
    const { needs, current } = view(run.state)
    snapshots.push({ disk: structuredClone(run.disk), at: `${current} ${needs?.kind}` })
  }
  run.runToEnd()
  return { final: run, snapshots }
}

describe('a crash', () => {
  const { final, snapshots } = edges()

  it('has more than 90 edges in the first run', () => {
    expect(snapshots.length).toBeGreaterThan(90)
  })

  it.each(snapshots.map(({ disk, at }, index) => ({ disk, index, at })))(
    'at edge $index ($at) leads to Closed with the same keys, none made twice',
    ({ disk }) => {
      const again = new FakeCore(plan, hash, 'production', true, structuredClone(disk))
      again.restart()
      again.runToEnd()
      expect(view(again.state).state).toBe('Closed')
      expect(again.state.keys.map(({ id }) => id)).toEqual(final.state.keys.map(({ id }) => id))
      const labels = again.disk.generated
      expect(new Set(labels).size).toBe(labels.length)
      expect(again.disk.token.map(({ label }) => label)).toEqual(['root-kek'])
      expect(again.disk.token[0]?.ckaId).toBe(again.state.keys[0]?.ckaId)
    },
  )

  it('within the root’s window leaves nothing behind and makes the root again as a new attempt', () => {
    const run = new FakeCore(plan, hash, 'production')
    const effect = run.runToEffect('generate-root')
    run.restart()
    expect(view(run.state).state).toBe('Reconciling')
    run.runToEnd()
    const root = run.state.keys[0]!
    expect(root.attempt).toBe(2)
    expect('ckaId' in effect && effect.ckaId).not.toBe(root.ckaId)
    expect(view(run.state).state).toBe('Closed')
  })

  it('while a PIN was being tried asks a person again before the next try', () => {
    const run = new FakeCore(plan, hash, 'production')
    run.runToEffect('log-in')
    run.restart()
    run.step()
    expect(view(run.state).needs).toMatchObject({ kind: 'pin', again: false })
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
  })

  it('can strike twice at the same place', () => {
    const run = new FakeCore(plan, hash, 'production')
    const effect = run.runToEffect('generate-key')
    run.crashAt = run.edge
    expect(() => run.perform(effect)).toThrow(Crash)
    run.crashAt = -1
    run.restart()
    run.restart()
    run.runToEnd()
    expect(view(run.state).state).toBe('Closed')
    expect(run.disk.generated.filter((id) => id === 'organisation-kek')).toHaveLength(1)
  })
})
