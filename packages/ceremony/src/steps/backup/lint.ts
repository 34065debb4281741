import type { Plan } from '../../plan/plan.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'
import { custodiansOf } from './queries.ts'

export const lints = {
  'acknowledge-custodian': {
    uses: { custodian: true },
    opening: true,
    check(plan, step, at, refuse) {
      const keys = plan.keys.filter(({ backup }) => backup !== undefined)
      if (keys.length === 0) refuse('PLAN-71', 'no root of the plan has a backup')
      for (const { id } of keys)
        if (!at.keys.has(id)) refuse('PLAN-71', `the backup of ${id} is not made yet`)
      for (const name of custodiansOf(plan, step))
        if (at.custodians.has(name)) refuse('PLAN-71', `${name} would prove the share twice`)
    },
    change(plan, step, at) {
      for (const name of custodiansOf(plan, step)) at.custodians.add(name)
    },
  },
} satisfies Record<'acknowledge-custodian', StepLint>

/** No custodian leaves before the share is proved, and the root is proved too: its backup is compared with that. */
export function unproved(plan: Plan, at: PlanProgress, refuse: Refuse): void {
  for (const { id, backup } of plan.keys) {
    if (backup === undefined) continue
    const missing = backup.custodians.filter((name) => !at.custodians.has(name))
    if (missing.length > 0) refuse('PLAN-71', `no step has ${missing.join(', ')} prove the share`)
    if (!at.proved.has(id)) refuse('PLAN-71', `${id} has a backup, and no step makes its possession proof`)
  }
}
