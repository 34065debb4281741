import { acts, checkpoint, go, looks } from '../../model/stage.ts'
import type { State } from '../../model/state.ts'
import type { Step } from '../../plan/plan.ts'
import { keyOf } from '../../plan/queries.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'
import { templates } from './templates.ts'

/** The root leaves its token in this step: to servers, spare tokens or a backup. */
function opensWindow({ plan, destinations }: State, step: Step): boolean {
  const key = keyOf(plan, step.key)
  const others = (key?.spares ?? []).length + (key?.backup === undefined ? 0 : 1)
  return destinations.filter((one) => 'transport' in one).length + others > 0
}

export const facts = {
  'generate-root': {
    actor: 'operator',
    stages: [go, acts('generate-root'), checkpoint('key')],
    key: { makes: 'the key that it names', probed: true },
    recorded: 'generate-root',
    // Trusted transport keys are made under the SO's log-in, and the window itself is the user's.
    pins: (state, step) => (opensWindow(state, step) ? ['so', 'user'] : []),
    asks: ['keyWrapping'],
    asksForWindow: ['trustedWindow'],
  },
  'read-back': {
    actor: 'operator',
    stages: [go, looks('read-back')],
    key: null,
    recorded: null,
  },
  'generate-key': {
    actor: 'operator',
    stages: [go, acts('generate-key'), checkpoint('key')],
    key: { makes: 'the key that it names', probed: true },
    recorded: 'generate-key',
    asks: ['keyWrapping'],
  },
  'prove-possession': {
    actor: 'operator',
    stages: [go, looks('prove-possession')],
    key: null,
    recorded: 'prove-possession',
  },
} as const satisfies StepFactsOf<'generate-root' | 'read-back' | 'generate-key' | 'prove-possession'>

export const effectFacts = {
  'generate-root': {
    result: 'makes a key',
    reads: 'as the root is made',
    names: 'an object',
    newer: { backup: 2 },
  },
  'read-back': { result: null, reads: templates.root, names: null },
  'generate-key': { result: 'makes a key', reads: 'as it was wrapped', names: 'an object' },
  'prove-possession': { result: 'is asked for', reads: null, names: null },
} as const satisfies EffectFactsOf<'generate-root' | 'read-back' | 'generate-key' | 'prove-possession'>
