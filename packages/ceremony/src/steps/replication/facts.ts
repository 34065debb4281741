import { checkpoint, go, looks } from '../../model/stage.ts'
import { isSpareStep } from '../../plan/queries.ts'
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
