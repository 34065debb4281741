import { acts, checkpoint, go, looks } from '../../model/stage.ts'
import type { EffectFactsOf, StepFactsOf } from '../step-facts.ts'

/** The order of its stages is CEREMONY.md "Order". */
export const facts = {
  seal: {
    actor: 'administrator',
    stages: [
      go,
      looks('inventory'),
      checkpoint('sealing'),
      looks('build-bundle'),
      { kind: 'confirm', shows: 'bundle' },
      looks('sign-bundle'),
      { kind: 'signatures', what: 'bundle' },
      looks('write-bundle'),
    ],
    key: null,
    // It begins with the closing inventory; the rest of it comes after the transcript's end.
    recorded: 'inventory',
  },
  export: {
    actor: 'operator',
    stages: [go, looks('write-medium')],
    key: null,
    recorded: null,
  },
  receipt: {
    actor: 'operator',
    stages: [{ kind: 'receipts' }],
    key: null,
    recorded: null,
  },
  close: {
    actor: 'operator',
    stages: [go, looks('close-out'), acts('destroy-ceremony-key')],
    key: null,
    recorded: null,
  },
} as const satisfies StepFactsOf<'seal' | 'export' | 'receipt' | 'close'>

export const effectFacts = {
  'build-bundle': { result: null, reads: null, names: null },
  'sign-bundle': { result: null, reads: null, names: null },
  'write-bundle': { result: null, reads: null, names: null },
  'write-medium': { result: null, reads: null, names: null },
  'close-out': { result: null, reads: null, names: null },
  'destroy-ceremony-key': { result: null, reads: null, names: null },
} as const satisfies EffectFactsOf<
  'build-bundle' | 'sign-bundle' | 'write-bundle' | 'write-medium' | 'close-out' | 'destroy-ceremony-key'
>
