import { FakeCore } from './fake-core.ts'
import { planOf } from './plans.ts'

/** The life of a threshold key: dealt, asked, moved, asked again. */
export const life = planOf('fhe-life', 'production')

// One run to each place, copied for every test: the way there is the same.
const runs = new Map<string, FakeCore>()
/** A run of it that stands at a step. */
export function standing(step: string): FakeCore {
  const before = runs.get(step) ?? new FakeCore(life.plan, life.hash, 'production')
  if (!runs.has(step)) before.runTo(step)
  runs.set(step, before)
  const copy = new FakeCore(life.plan, life.hash, 'production', true, structuredClone(before.disk))
  copy.loggedIn = true
  return copy
}
