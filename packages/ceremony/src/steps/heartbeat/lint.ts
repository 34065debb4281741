import type { Plan } from '../../plan/plan.ts'
import { type PlanRefusal, planRefusal } from '../../plan/rules.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'

/** PLAN-74: the heartbeat by itself. */
export function lintHeartbeat({ heartbeat, fhe }: Plan): PlanRefusal[] {
  if (heartbeat === undefined) return []
  const refuse = (detail: string) => planRefusal('PLAN-74', '', detail)
  return [
    ...(fhe?.existing === undefined ? [refuse('nobody holds a share of an earlier ceremony')] : []),
    ...(heartbeat.dueDays < 1 ? [refuse(`dueDays is ${heartbeat.dueDays}`)] : []),
  ]
}

export const lints = {
  'ask-heartbeats': {
    opening: true,
    check({ heartbeat }, _step, at, refuse) {
      if (heartbeat === undefined) refuse('PLAN-74', 'the plan has no heartbeat section')
      if (at.heartbeat !== 'due') refuse('PLAN-74', 'the holders are asked a second time')
    },
    change(_plan, _step, at) {
      at.heartbeat = 'asked'
    },
  },
  'take-heartbeats': {
    opening: true,
    check(_plan, _step, at, refuse) {
      if (at.heartbeat === 'due') refuse('PLAN-74', 'the holders are not asked yet')
      if (at.heartbeat === 'taken') refuse('PLAN-74', 'the statements are taken a second time')
    },
    change(_plan, _step, at) {
      at.heartbeat = 'taken'
    },
  },
} satisfies Record<'ask-heartbeats' | 'take-heartbeats', StepLint>

export function notTaken({ heartbeat }: Plan, at: PlanProgress, refuse: Refuse): void {
  if (heartbeat !== undefined && at.heartbeat !== 'taken')
    refuse('PLAN-74', 'no step takes the statements of the holders')
}
