import { acts, checkpoint, go } from '../../model/stage.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

export const facts = {
  'fhe-deal': {
    actor: 'operator',
    stages: [go, acts('fhe-deal'), checkpoint('key')],
    key: { makes: 'the threshold key', probed: false },
    recorded: 'fhe-deal',
  },
  'acknowledge-holder': {
    actor: 'operator',
    stages: [{ kind: 'acknowledgements' }],
    key: null,
    recorded: null,
  },
} as const satisfies StepFactsOf<'fhe-deal' | 'acknowledge-holder'>

export const effectFacts = {
  'fhe-deal': { result: 'makes a key', reads: null, names: null },
} as const satisfies EffectFactsOf<'fhe-deal'>
