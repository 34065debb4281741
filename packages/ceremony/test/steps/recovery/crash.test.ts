import { describe, expect, it } from 'vitest'
import { burntSet, view } from '../../../src/exports/engine.ts'
import { FakeCore } from '../../engine/fake-core.ts'
import type { Disk } from '../../engine/fake-disk.ts'
import { planOf } from '../../engine/plans.ts'

const { plan, hash } = planOf('restore-drill', 'production')

/** The disk as it is at every edge of a drill, from where shares are asked for. */
function edges(): { disk: Disk; at: string }[] {
  const run = new FakeCore(plan, hash, 'production')
  run.runTo('ask-shares')
  const snapshots: { disk: Disk; at: string }[] = []
  run.onEdge = () => {
    const { needs, current } = view(run.state)
    snapshots.push({ disk: structuredClone(run.disk), at: `${current} ${needs?.kind}` })
  }
  run.runToEnd()
  return snapshots
}

describe('a crash of a restore drill', () => {
  const snapshots = edges()

  it('has edges at every step', () => {
    for (const step of ['ask-shares', 'give-shares', 'restore-root', 'zeroise-root', 'seal'])
      expect(
        snapshots.some(({ at }) => at.startsWith(`${step} `)),
        step,
      ).toBe(true)
  })

  it.each(snapshots.map((one, index) => ({ ...one, index })))(
    'at edge $index ($at) ends with the root proved and gone, and the set burnt',
    ({ disk }) => {
      const again = new FakeCore(plan, hash, 'production', true, structuredClone(disk))
      again.restart()
      again.runToEnd()
      expect(view(again.state).state).toBe('Closed')
      const { backup } = plan.recovery!
      expect(again.state.recovery).toMatchObject({
        restored: { token: 'spare', digest: backup.possession },
        zeroised: true,
      })
      expect(burntSet(again.state)).toBe(backup.set)
      expect(again.disk.token).toEqual([])
      expect(Object.values(again.disk.others).flat()).toEqual([])
    },
  )
})
