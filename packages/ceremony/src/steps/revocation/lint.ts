import type { Plan } from '../../plan/plan.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'

export const lints = {
  'revoke-keys': {
    opening: true,
    checkpoint: true,
    check({ revokes }, _step, at, refuse) {
      if (revokes === undefined) refuse('PLAN-77', 'the plan revokes no key')
      if (at.revoked) refuse('PLAN-77', 'the keys are revoked a second time')
    },
    change(_plan, _step, at) {
      at.revoked = true
    },
  },
} satisfies Record<'revoke-keys', StepLint>

export function unrevoked({ revokes }: Plan, at: PlanProgress, refuse: Refuse): void {
  if (revokes !== undefined && !at.revoked) refuse('PLAN-77', 'no step revokes the keys that the plan names')
}
