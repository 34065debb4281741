import type { Plan } from '../../src/exports/engine.ts'
import { lintPlan } from '../../src/exports/plan.ts'
import { copyOf, planOf } from '../engine/plans.ts'

export const { plan } = planOf('first-run', 'production')

/** Refusals of the first run after a change, as "RULE step". */
export function spoilt(change: (plan: Plan) => void, from: Plan = plan): string[] {
  const copy = copyOf(from)
  change(copy)
  return lintPlan(copy).map(({ rule, step }) => `${rule} ${step}`.trim())
}

/** Puts a step elsewhere in its part. */
export const move = (copy: Plan, id: string, to: number) => {
  const part = copy.parts.find(({ steps }) => steps.some((step) => step.id === id))!
  const from = part.steps.findIndex((step) => step.id === id)
  part.steps.splice(to, 0, ...part.steps.splice(from, 1))
}
