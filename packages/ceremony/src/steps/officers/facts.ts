import { checkpoint, go, looks } from '../../model/stage.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

export const facts = {
  'sign-policy': {
    actor: 'operator',
    stages: [go, looks('read-policy'), { kind: 'signatures', what: 'policy' }, checkpoint('key')],
    key: null,
    recorded: 'read-policy',
  },
} as const satisfies StepFactsOf<'sign-policy'>

export const effectFacts = {
  'read-policy': { result: 'is asked for', reads: null, names: null },
} as const satisfies EffectFactsOf<'read-policy'>
