import type { Json } from '@lux/crypto'
import type { Plan } from '../../src/plan/index.ts'
import type { Alterations } from './sample-options.ts'

export type Members = Record<string, Json>
export type Entries = NonNullable<Alterations['entries']>

/** What the transcript says was done in a step, changed before witnesses cosign it. */
export const recorded =
  (stepId: string, change: (result: Members) => Members): Entries =>
  (all) =>
    all.map((entry) => {
      if (entry.stepId !== stepId || entry.kind !== 'step.performed') return entry
      return { ...entry, fact: { ...entry.fact, result: change(entry.fact.result as Members) } }
    })

/** The plan that officers approved, without these steps. */
export const planless =
  (...steps: string[]) =>
  (plan: Plan): Plan => ({
    ...plan,
    parts: plan.parts.map((part) => ({
      ...part,
      steps: part.steps.filter(({ id }) => !steps.includes(id)),
    })),
  })
