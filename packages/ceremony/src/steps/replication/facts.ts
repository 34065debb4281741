import { checkpoint, go, looks } from '../../model/stage.ts'
import type { Plan, Step } from '../../plan/plan.ts'
import { keyOf } from '../../plan/queries.ts'
import { templates } from '../key/templates.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

export const facts = {
  'replicate-root': {
    actor: 'operator',
    // What the vendor's tool did is looked at as often as needed: a proof leaves nothing behind.
    stages: [go, looks('prove-replica'), checkpoint('key')],
    key: { makes: null, probed: true },
    recorded: 'prove-replica',
    // What a vendor's tool did is looked at through a library of its own; a spare is logged in to in this one.
    pins: ({ plan }, step) => (isSpareStep(plan, step) ? [] : ['user']),
  },
} as const satisfies StepFactsOf<'replicate-root'>

export const effectFacts = {
  'prove-replica': { result: 'is asked for', reads: templates.replica, names: null },
} as const satisfies EffectFactsOf<'prove-replica'>

/** Whether a step brings a spare its root from the window, so that no vendor's tool has a part in it. */
export function isSpareStep(plan: Plan, step: Step): boolean {
  const key = keyOf(plan, step.key)
  return step.do === 'replicate-root' && (key?.spares ?? []).includes(step.token ?? 'ceremony')
}
