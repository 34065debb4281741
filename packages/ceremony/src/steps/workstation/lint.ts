import type { StepLint } from '../plan-progress.ts'

/** `values` are what people say. */
const people = { uses: { values: true } } as const satisfies StepLint

export const lints = {
  confirm: people,
  'roll-call': people,
  'read-aloud': people,
  'clock-check': people,
  pause: {},
  'measure-machine': people,
} satisfies Record<
  'confirm' | 'roll-call' | 'read-aloud' | 'clock-check' | 'pause' | 'measure-machine',
  StepLint
>
