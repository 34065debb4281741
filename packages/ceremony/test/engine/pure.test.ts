import { expect, it } from 'vitest'
import { view } from '../../src/exports/engine.ts'
import { FakeCore } from './fake-core.ts'
import { planOf, scriptNames } from './plans.ts'

/** Frozen to its leaves; what is frozen already is not looked at again. */
function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const part of Object.values(value)) freeze(part)
}

it.each(scriptNames)('no entry of %s changes the state before it, which others may still hold', (name) => {
  const { plan, hash } = planOf(name, 'production')
  const run = new FakeCore(plan, hash, 'production')
  run.onEdge = () => freeze(run.state)
  freeze(run.state)
  run.runToEnd()
  expect(view(run.state).state).toBe('Closed')
})
