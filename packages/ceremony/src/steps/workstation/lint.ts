import type { StepLint } from '../plan-progress.ts'

export const lints = { 'measure-machine': { uses: { values: true } } } satisfies Record<
  'measure-machine',
  StepLint
>
