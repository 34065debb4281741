import type { StepFactsOf } from '../step-facts.ts'

export const facts = {
  'take-request': {
    actor: 'operator',
    stages: [{ kind: 'request' }],
    key: null,
    recorded: null,
  },
  'approve-request': {
    actor: 'operator',
    stages: [{ kind: 'signatures', what: 'decryption-approval' }],
    key: null,
    recorded: null,
  },
  'answer-request': {
    actor: 'operator',
    stages: [{ kind: 'answers' }],
    key: null,
    recorded: null,
  },
  'take-result': {
    actor: 'operator',
    stages: [{ kind: 'result' }],
    key: null,
    recorded: null,
  },
} as const satisfies StepFactsOf<'take-request' | 'approve-request' | 'answer-request' | 'take-result'>
