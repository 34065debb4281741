import type { Plan } from '../../plan/plan.ts'
import { keyOf } from '../../plan/queries.ts'
import { checkKey } from '../key/lint.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'
import { decommissions, unfinished } from './queries.ts'

export const lints = {
  'decommission-root': {
    uses: { token: true, key: true },
    opening: true,
    checkpoint: true,
    check(plan, step, at, refuse) {
      checkKey(plan, step, at, refuse)
      const key = keyOf(plan, step.key)
      if (key === undefined) return
      if (key.level !== 'root' || key.existing === undefined)
        refuse('PLAN-78', `${key.id} is no root of an earlier ceremony`)
      else if (key.existing.possession === undefined)
        refuse('PLAN-78', `the plan does not name the possession proof of ${key.id}’s birth`)
      else if (!at.proved.has(key.id)) refuse('PLAN-78', `${key.id} is destroyed before it was proved`)
    },
  },
} satisfies Record<'decommission-root', StepLint>

export function incomplete(plan: Plan, _at: PlanProgress, refuse: Refuse): void {
  for (const id of new Set(decommissions(plan).map(({ key = '' }) => key)))
    for (const role of unfinished(plan, id))
      refuse('PLAN-78', `${id} is not destroyed exactly once in the token ${role}`)
}
