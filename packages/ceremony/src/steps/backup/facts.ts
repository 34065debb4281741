import type { StepFactsOf } from '../step-facts.ts'

export const facts = {
  'acknowledge-custodian': {
    actor: 'operator',
    stages: [{ kind: 'custodian-acknowledgements' }],
    key: null,
    recorded: null,
  },
} as const satisfies StepFactsOf<'acknowledge-custodian'>
