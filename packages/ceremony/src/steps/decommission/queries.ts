import type { Plan, Step } from '../../plan/plan.ts'
import { stepsOf } from '../../plan/queries.ts'

/** The steps that destroy a root of an earlier ceremony, in order. */
export function decommissions(plan: Plan): Step[] {
  return stepsOf(plan).flatMap(({ step }) => (step.do === 'decommission-root' ? [step] : []))
}

/** Roles of tokens of the plan from which no step, or more than one, takes this root. */
export function unfinished(plan: Plan, key: string): string[] {
  const taken = decommissions(plan)
    .filter((step) => step.key === key)
    .map(({ token = 'ceremony' }) => token)
  return plan.tokens.flatMap(({ role }) => (taken.filter((one) => one === role).length === 1 ? [] : [role]))
}
