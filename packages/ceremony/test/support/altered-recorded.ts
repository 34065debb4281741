import type { Json } from '@lux/crypto'
import type { Plan, Step } from '../../src/exports/plan.ts'
import type { FullEntry } from '../../src/exports/transcript.ts'
import { type Alterations, sampleTime } from './sample-options.ts'

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

/** A step more in the plan, right before the one that seals. */
export const withStep =
  (step: Pick<Step, 'id' | 'do' | 'key'>) =>
  (plan: Plan): Plan => ({
    ...plan,
    parts: plan.parts.map((part) => ({
      ...part,
      steps: part.steps.flatMap((one) => (one.do === 'seal' ? [{ ...one, ...step }, one] : [one])),
    })),
  })

/** An entry more, right before the closing inventory. */
export const withEntry = (all: FullEntry[], entry: FullEntry): FullEntry[] =>
  numbered([...all.slice(0, -1), entry, ...all.slice(-1)])

/** In their order, each with its number and time. */
export const numbered = (all: readonly FullEntry[]): FullEntry[] =>
  all.map((entry, index) => ({ ...entry, seq: String(index), time: sampleTime(index) }))

/** What was done in these steps is not in the transcript. */
export const undone =
  (...steps: string[]): Entries =>
  (all) =>
    numbered(all.filter(({ kind, stepId }) => kind !== 'step.performed' || !steps.includes(stepId)))
