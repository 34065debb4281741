import { checkpoint, go } from '../../model/stage.ts'
import type { StepFactsOf } from '../step-facts.ts'

export const facts = {
  'revoke-keys': {
    actor: 'operator',
    stages: [go, checkpoint('key')],
    key: null,
    recorded: null,
  },
} as const satisfies StepFactsOf<'revoke-keys'>
