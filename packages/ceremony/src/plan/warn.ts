import type { Plan } from './plan.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'

/**
 * What a plan may do, and whoever reviews or approves it should still know; no reason against it. PLAN-45 a key is dealt
 * under which nothing that is encrypted later can be opened. THRESHOLD-FHE section 5, docs/adr/0005.
 */
export function warnPlan({ fhe }: Plan): PlanRefusal[] {
  if (fhe === undefined || fhe.existing !== undefined || fhe.mode === 'S') return []
  return [
    planRefusal(
      'PLAN-45',
      '',
      `${fhe.id} is of mode F: its holders open only what was encrypted with the client key, and nobody has that once it is dealt`,
    ),
  ]
}
