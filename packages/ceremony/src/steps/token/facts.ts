import { acts, go, looks } from '../../model/stage.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

export const facts = {
  'initialise-token': {
    actor: 'operator',
    stages: [go, acts('initialise-token')],
    key: null,
    recorded: null,
    pins: () => ['so', 'user'],
    asks: ['initialise'],
  },
  'log-in': {
    actor: 'operator',
    stages: [go, acts('log-in')],
    key: null,
    recorded: null,
    pins: () => ['user'],
  },
  'probe-token': {
    actor: 'operator',
    stages: [go, acts('probe-token')],
    key: null,
    recorded: null,
  },
  inventory: {
    actor: 'operator',
    stages: [go, looks('inventory')],
    key: null,
    recorded: null,
    dispensable: true,
  },
} as const satisfies StepFactsOf<'initialise-token' | 'log-in' | 'probe-token' | 'inventory'>

export const effectFacts = {
  'initialise-token': { result: 'is asked for', reads: null, names: null, destroys: 'all in its token' },
  'log-in': { result: null, reads: null, names: null },
  'probe-token': { result: 'is asked for', reads: null, names: null, newer: { token: 2, capabilities: 3 } },
  inventory: { result: 'is asked for', reads: null, names: null },
} as const satisfies EffectFactsOf<'initialise-token' | 'log-in' | 'probe-token' | 'inventory'>
