import { describe, expect, it } from 'vitest'
import { view } from '../src/index.ts'
import { FakeCore } from './engine/fake-core.ts'
import { planOf } from './engine/plans.ts'

function core(domain: 'production' | 'rehearsal', withServer = true): FakeCore {
  const { plan, hash } = planOf('first-run', domain)
  return new FakeCore(plan, hash, domain, withServer)
}

describe('first-run', () => {
  it('is driven from the start to Closed, with every step done and the ceremony key gone', () => {
    const run = core('production')
    run.runToEnd()
    const shown = view(run.state)
    expect(shown.state).toBe('Closed')
    expect(shown.needs).toBeNull()
    expect(shown.progress.done).toBe(shown.progress.total)
    expect(run.state.keys.map(({ id }) => id)).toEqual([
      'root-kek',
      'organisation-kek',
      'project-kek',
      'data-key',
    ])
    expect(run.disk.token.map(({ label }) => label)).toEqual(['root-kek'])
  })
})
