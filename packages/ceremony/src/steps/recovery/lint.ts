import type { Plan, StepKind } from '../../plan/plan.ts'
import { unfitAsSpare } from '../../plan/profiles.ts'
import { namesOf, repeated, stepsOf, tokenOf } from '../../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../../plan/rules.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'
import { askedCustodians, makesBackup, opens } from './queries.ts'

type Use = NonNullable<Plan['recovery']>['use']
type Kind = 'check-medium' | 'check-shares' | 'ask-shares' | 'give-shares' | 'restore-root' | 'zeroise-root'

/** The steps of each use, once each and in this order; a check asks for its two in any. */
const courses: Readonly<Record<Use, readonly Kind[]>> = {
  check: ['check-medium', 'check-shares'],
  drill: ['check-medium', 'ask-shares', 'give-shares', 'restore-root', 'zeroise-root'],
  restore: ['check-medium', 'ask-shares', 'give-shares', 'restore-root'],
}

/** PLAN-75: the use of a backup by itself. */
export function lintRecovery(plan: Plan): PlanRefusal[] {
  return recoveryFaults(plan).map((fault) => planRefusal('PLAN-75', '', fault))
}

function recoveryFaults(plan: Plan): string[] {
  const { recovery } = plan
  if (recovery === undefined) return []
  const { use, custodians, backup } = recovery
  const n = backup.shares.length
  const least = opens(use) ? backup.t : 1
  const asked = askedCustodians(plan).length
  return [
    ...(custodians.length === n ? [] : [`${n} shares, but ${custodians.length} custodians are named`]),
    ...(backup.t > n ? [`${backup.t} of ${n} is no quorum of a backup`] : []),
    ...repeated(custodians).map((name) => `the custodian ${name} is named twice`),
    ...repeated(backup.shares).map((share) => `two shares are alike: ${share}`),
    ...namesOf(plan, 'custodian').flatMap((name) =>
      custodians.includes(name) ? [] : [`${name} holds no share of that backup`],
    ),
    ...(makesBackup(plan) ? ['a ceremony uses a backup or makes one, never both'] : []),
    ...(asked < least ? [`custodians of that backup: ${asked} seated, ${least} needed`] : []),
  ]
}

/** A step of the use that the plan has, once, and after those that come before it. */
function checkOf(kind: Kind): NonNullable<StepLint['check']> {
  return ({ recovery }, _step, at, refuse) => {
    if (recovery === undefined) {
      refuse('PLAN-75', 'the plan uses no backup of an earlier ceremony')
      return
    }
    const course: readonly StepKind[] = courses[recovery.use]
    if (!course.includes(kind)) refuse('PLAN-75', `a ${recovery.use} has no step ${kind}`)
    if (at.recovered.includes(kind)) refuse('PLAN-75', `${kind} comes a second time`)
    const before = opens(recovery.use) ? course.slice(0, Math.max(0, course.indexOf(kind))) : []
    for (const one of before)
      if (!at.recovered.includes(one)) refuse('PLAN-75', `${kind} comes before ${one}`)
  }
}

function lintOf(kind: Kind): StepLint & Required<Pick<StepLint, 'check' | 'change'>> {
  return {
    opening: true,
    check: checkOf(kind),
    change: (_plan, _step, at) => void at.recovered.push(kind),
  }
}

const restore = lintOf('restore-root')
const zeroise = lintOf('zeroise-root')

export const lints = {
  'check-medium': lintOf('check-medium'),
  'check-shares': lintOf('check-shares'),
  'ask-shares': lintOf('ask-shares'),
  'give-shares': lintOf('give-shares'),
  'restore-root': {
    ...restore,
    uses: { token: true },
    checkpoint: true,
    check(plan, step, at, refuse) {
      restore.check(plan, step, at, refuse)
      const to = tokenOf(plan, step)
      const unfit = to === undefined ? null : unfitAsSpare(to)
      if (unfit !== null) refuse('PLAN-22', unfit)
    },
  },
  'zeroise-root': {
    ...zeroise,
    uses: { token: true },
    checkpoint: true,
    check(plan, step, at, refuse) {
      zeroise.check(plan, step, at, refuse)
      const home = stepsOf(plan).find((one) => one.step.do === 'restore-root')?.step.token
      if (step.token !== home)
        refuse(
          'PLAN-75',
          `the root is in the token ${home ?? 'ceremony'}, not in ${step.token ?? 'ceremony'}`,
        )
    },
  },
} satisfies Record<Kind, StepLint>

export function unchecked({ recovery }: Plan, at: PlanProgress, refuse: Refuse): void {
  if (recovery === undefined) return
  for (const kind of courses[recovery.use])
    if (!at.recovered.includes(kind)) refuse('PLAN-75', `a ${recovery.use} needs a step ${kind}`)
}
