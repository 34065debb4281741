import type { Plan } from '../../plan/plan.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'

export const lints = {
  'sign-policy': {
    opening: true,
    checkpoint: true,
    check({ nextPolicy }, _step, at, refuse) {
      if (nextPolicy === undefined) refuse('PLAN-76', 'the plan names no next policy')
      if (at.policySigned) refuse('PLAN-76', 'the next policy is signed a second time')
    },
    change(_plan, _step, at) {
      at.policySigned = true
    },
  },
} satisfies Record<'sign-policy', StepLint>

export function unsigned({ nextPolicy }: Plan, at: PlanProgress, refuse: Refuse): void {
  if (nextPolicy !== undefined && !at.policySigned) refuse('PLAN-76', 'no step signs the next policy')
}
