import { go, looks } from '../../model/stage.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

export const facts = {
  confirm: {
    actor: 'administrator',
    stages: [go],
    key: null,
    recorded: null,
  },
  'roll-call': {
    actor: 'administrator',
    stages: [go],
    key: null,
    recorded: null,
    says: 'who is here',
  },
  'read-aloud': {
    actor: 'administrator',
    stages: [go],
    key: null,
    recorded: null,
    aloud: true,
  },
  'clock-check': {
    actor: 'witness',
    stages: [go],
    key: null,
    recorded: null,
    says: 'the time',
  },
  pause: {
    actor: 'administrator',
    stages: [go],
    key: null,
    recorded: null,
  },
  'measure-machine': {
    actor: 'operator',
    stages: [go, looks('measure-machine')],
    key: null,
    recorded: null,
    dispensable: true,
  },
} as const satisfies StepFactsOf<
  'confirm' | 'roll-call' | 'read-aloud' | 'clock-check' | 'pause' | 'measure-machine'
>

export const effectFacts = {
  'measure-machine': { result: 'is asked for', reads: null, names: null, newer: { machine: 3 } },
} as const satisfies EffectFactsOf<'measure-machine'>
