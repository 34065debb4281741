import { go, looks } from '../../model/stage.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

export const facts = {
  attest: {
    actor: 'operator',
    // The companion signs as often as it is asked; the last statement that fits counts.
    stages: [go, looks('attest')],
    key: null,
    recorded: 'attest',
  },
} as const satisfies StepFactsOf<'attest'>

export const effectFacts = {
  attest: {
    result: 'is asked for', // TRANSCRIPT-CONTENT compares it with the record, of which EVIDENCE asks the template.
    reads: 'as its record',
    names: null,
  },
} as const satisfies EffectFactsOf<'attest'>
