import type { Plan } from '../../plan/plan.ts'
import { namesOf, repeated } from '../../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../../plan/rules.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'
import { askedCustodians } from './queries.ts'

/** PLAN-75: the use of a backup by itself. */
export function lintRecovery(plan: Plan): PlanRefusal[] {
  return recoveryFaults(plan).map((fault) => planRefusal('PLAN-75', '', fault))
}

function recoveryFaults(plan: Plan): string[] {
  const { recovery } = plan
  if (recovery === undefined) return []
  const { custodians, backup } = recovery
  const n = backup.shares.length
  return [
    ...(custodians.length === n ? [] : [`${n} shares, but ${custodians.length} custodians are named`]),
    ...(backup.t > n ? [`${backup.t} of ${n} is no quorum of a backup`] : []),
    ...repeated(custodians).map((name) => `the custodian ${name} is named twice`),
    ...repeated(backup.shares).map((share) => `two shares are alike: ${share}`),
    ...namesOf(plan, 'custodian').flatMap((name) =>
      custodians.includes(name) ? [] : [`${name} holds no share of that backup`],
    ),
    ...(askedCustodians(plan).length === 0 ? ['no custodian of that backup is seated'] : []),
  ]
}

/** Steps that use a backup of before. */
const onRecovery = { opening: true } satisfies StepLint

export const lints = {
  'check-shares': {
    ...onRecovery,
    check({ recovery }, _step, at, refuse) {
      if (recovery === undefined) refuse('PLAN-75', 'the plan uses no backup of an earlier ceremony')
      if (at.sharesChecked) refuse('PLAN-75', 'the shares are checked a second time')
    },
    change(_plan, _step, at) {
      at.sharesChecked = true
    },
  },
  'check-medium': {
    ...onRecovery,
    check({ recovery }, _step, at, refuse) {
      if (recovery === undefined) refuse('PLAN-75', 'the plan uses no backup of an earlier ceremony')
      if (at.mediumChecked) refuse('PLAN-75', 'the medium is checked a second time')
    },
    change(_plan, _step, at) {
      at.mediumChecked = true
    },
  },
} satisfies Record<'check-shares' | 'check-medium', StepLint>

export function unchecked({ recovery }: Plan, at: PlanProgress, refuse: Refuse): void {
  if (recovery === undefined) return
  if (!at.sharesChecked) refuse('PLAN-75', 'no step has the custodians check their shares')
  if (!at.mediumChecked) refuse('PLAN-75', 'no step checks the medium')
}
