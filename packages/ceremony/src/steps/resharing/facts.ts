import { checkpoint, go, looks } from '../../model/stage.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

export const facts = {
  'approve-epoch': {
    actor: 'operator',
    stages: [{ kind: 'epoch-approvals' }],
    key: null,
    recorded: null,
  },
  redeal: {
    actor: 'operator',
    stages: [{ kind: 'redeals' }],
    key: null,
    recorded: null,
  },
  'assemble-epoch': {
    actor: 'operator',
    stages: [go, looks('assemble-epoch')],
    key: null,
    recorded: 'assemble-epoch',
  },
  'epoch-live': {
    actor: 'operator',
    stages: [go, looks('sign-epoch-live'), checkpoint('key')],
    key: null,
    recorded: 'sign-epoch-live',
  },
} as const satisfies StepFactsOf<'approve-epoch' | 'redeal' | 'assemble-epoch' | 'epoch-live'>

export const effectFacts = {
  'assemble-epoch': { result: 'is asked for', reads: null, names: null },
  'sign-epoch-live': { result: 'is asked for', reads: null, names: null },
} as const satisfies EffectFactsOf<'assemble-epoch' | 'sign-epoch-live'>
