import { describe, expect, it } from 'vitest'
import { view } from '../../../src/exports/engine.ts'
import { FakeCore } from '../../engine/fake-core.ts'
import type { Disk } from '../../engine/fake-disk.ts'
import { planOf, type ScriptName } from '../../engine/plans.ts'

/** Where each new kind of change begins, and what is so at its end, whatever edge it was cut at. */
const changes: [ScriptName, string, (core: FakeCore) => void][] = [
  [
    'officer-change',
    'sign-policy',
    ({ state, plan }) => expect(state.nextPolicy).toMatchObject({ policy: plan.nextPolicy, version: 2 }),
  ],
  [
    'kek-rotation',
    'generate-root',
    ({ state, disk }) => {
      expect(state.keys.map(({ id }) => id)).toEqual(['root-kek', 'organisation-kek'])
      const roots = state.keys.flatMap(({ level, ckaId }) => (level === 'root' ? [ckaId] : []))
      expect(disk.token.map(({ ckaId }) => ckaId)).toEqual(roots)
    },
  ],
  ['revocation', 'revoke-keys', ({ disk }) => expect(disk.token).toEqual([])],
  [
    'decommission',
    'decommission-spare',
    ({ state, disk }) => {
      expect(state.decommissioned.map(({ token }) => token)).toEqual(['spare', 'ceremony'])
      expect([...disk.token, ...Object.values(disk.others).flat()]).toEqual([])
    },
  ],
]

describe.each(changes)('a crash of the ceremony %s', (script, from, sound) => {
  const { plan, hash } = planOf(script, 'production')
  const run = new FakeCore(plan, hash, 'production')
  run.runTo(from)
  const snapshots: { disk: Disk; at: string }[] = []
  run.onEdge = () => {
    const { needs, current } = view(run.state)
    snapshots.push({ disk: structuredClone(run.disk), at: `${current} ${needs?.kind}` })
  }
  run.runToEnd()

  it('has edges at the step of the change', () => {
    expect(snapshots.some(({ at }) => at.startsWith(`${from} `))).toBe(true)
  })

  it.each(snapshots.map((one, index) => ({ ...one, index })))(
    'at edge $index ($at) ends closed, with nothing missing, twice or left over',
    ({ disk }) => {
      const again = new FakeCore(plan, hash, 'production', true, structuredClone(disk))
      again.restart()
      again.runToEnd()
      expect(view(again.state).state).toBe('Closed')
      sound(again)
    },
  )
})
