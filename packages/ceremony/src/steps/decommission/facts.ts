import { acts, checkpoint, go } from '../../model/stage.ts'
import type { StepFactsOf } from '../step-facts.ts'

export const facts = {
  'decommission-root': {
    actor: 'operator',
    stages: [go, acts('zeroise-root'), checkpoint('key')],
    key: null,
    recorded: 'zeroise-root',
  },
} as const satisfies StepFactsOf<'decommission-root'>
