import { type Command, decide, type HeardWords, owed, view } from '../../src/exports/engine.ts'
import { FakeCore } from './fake-core.ts'
import { planOf } from './plans.ts'

/** The first run’s plan, in production. */
export const production = planOf('first-run', 'production')

export function fresh(): FakeCore {
  return new FakeCore(production.plan, production.hash, 'production')
}

export function at(step: string): FakeCore {
  const run = fresh()
  run.runTo(step)
  return run
}

/** The rule by which a command is refused, or what it led to. */
export function rule(run: FakeCore, command: Command): string {
  const decision = decide(run.state, command)
  return decision.ok ? decision.events.map(({ kind }) => kind).join() : decision.rule
}

export function runToNeeds(run: FakeCore, what: string): FakeCore {
  for (;;) {
    const { needs } = view(run.state)
    if (owed(run.state) === null && needs !== null && 'what' in needs && needs.what === what) return run
    if (owed(run.state) === null && needs?.kind === what) return run
    if (!run.step()) throw new Error(`${what} is never needed`)
  }
}

/** What the workstation's clock says at `proceed`. */
const now = '2026-01-31T09:02:00.000Z'

export const proceed = (
  step: string,
  by = 'Operator',
  input = {},
  heard: readonly HeardWords[] = [],
): Command => ({
  type: 'proceed',
  step,
  by,
  input,
  heard,
  now,
})
