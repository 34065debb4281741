import { acts, checkpoint, go, looks } from '../../model/stage.ts'
import { templates } from '../key/templates.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

export const facts = {
  'make-ceremony-key': {
    actor: 'operator',
    stages: [go, acts('make-ceremony-key')],
    key: { makes: 'the ceremony key', probed: true },
    recorded: 'make-ceremony-key',
    asks: ['sealing'],
  },
  'open-run': {
    actor: 'administrator',
    stages: [go, looks('sign-opening'), { kind: 'signatures', what: 'opening' }, checkpoint('opening')],
    key: null,
    recorded: null,
    aloud: true,
  },
  checkpoint: {
    actor: 'operator',
    stages: [go, checkpoint('planned')],
    key: null,
    recorded: null,
  },
} as const satisfies StepFactsOf<'make-ceremony-key' | 'open-run' | 'checkpoint'>

export const effectFacts = {
  'make-ceremony-key': {
    result: 'makes a key',
    reads: templates.ceremonyKey,
    names: 'an object and its seal',
  },
  'sign-opening': { result: null, reads: null, names: null },
  'make-checkpoint': { result: null, reads: null, names: null },
} as const satisfies EffectFactsOf<'make-ceremony-key' | 'sign-opening' | 'make-checkpoint'>
