import { acts, go } from '../../model/stage.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

export const facts = {
  'ask-heartbeats': {
    actor: 'operator',
    stages: [go, acts('ask-heartbeats')],
    key: null,
    recorded: 'ask-heartbeats',
  },
  'take-heartbeats': {
    actor: 'operator',
    stages: [{ kind: 'heartbeats' }],
    key: null,
    recorded: null,
  },
} as const satisfies StepFactsOf<'ask-heartbeats' | 'take-heartbeats'>

export const effectFacts = {
  'ask-heartbeats': { result: 'is asked for', reads: null, names: null },
} as const satisfies EffectFactsOf<'ask-heartbeats'>
