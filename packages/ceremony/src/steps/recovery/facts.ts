import { acts, checkpoint, go, looks } from '../../model/stage.ts'
import { templates } from '../key/templates.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

export const facts = {
  'check-shares': {
    actor: 'operator',
    stages: [{ kind: 'share-checks' }],
    key: null,
    recorded: null,
  },
  'check-medium': {
    actor: 'operator',
    stages: [go, looks('check-medium')],
    key: null,
    recorded: 'check-medium',
  },
  'ask-shares': {
    actor: 'operator',
    stages: [go, looks('ask-shares')],
    key: null,
    recorded: 'ask-shares',
  },
  'give-shares': {
    actor: 'operator',
    stages: [{ kind: 'share-releases' }],
    key: null,
    recorded: null,
  },
  'restore-root': {
    actor: 'operator',
    stages: [go, acts('restore-root'), checkpoint('key')],
    key: { makes: null, probed: true },
    recorded: 'restore-root',
  },
  'zeroise-root': {
    actor: 'operator',
    stages: [go, acts('zeroise-root'), checkpoint('key')],
    key: null,
    recorded: 'zeroise-root',
  },
} as const satisfies StepFactsOf<
  'check-shares' | 'check-medium' | 'ask-shares' | 'give-shares' | 'restore-root' | 'zeroise-root'
>

export const effectFacts = {
  'check-medium': { result: 'is asked for', reads: null, names: null },
  'ask-shares': { result: 'is asked for', reads: null, names: null },
  'restore-root': { result: 'is asked for', reads: templates.replica, names: 'an object' },
  'zeroise-root': { result: 'is asked for', reads: null, names: null, destroys: 'a root' },
} as const satisfies EffectFactsOf<'check-medium' | 'ask-shares' | 'restore-root' | 'zeroise-root'>
