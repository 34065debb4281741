import type { Plan, PlannedKey } from '../../plan/plan.ts'
import { namesOf } from '../../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../../plan/rules.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'
import { custodiansOf } from './queries.ts'

/** PLAN-71: the backups and spare tokens of the keys by themselves. */
export function lintBackups(plan: Plan): PlanRefusal[] {
  return plan.keys.flatMap((key) => backupFaults(plan, key)).map((fault) => planRefusal('PLAN-71', '', fault))
}

function backupFaults(plan: Plan, { id, level, existing, backup, spares }: PlannedKey): string[] {
  const faults: string[] = []
  const isNewRoot = level === 'root' && existing === undefined
  if ((backup !== undefined || spares !== undefined) && !isNewRoot)
    faults.push(
      `${id} is no new root: a backup or a spare token is made in the window in which a root is made, and never for one that exists`,
    )
  for (const role of spares ?? [])
    if (!plan.tokens.some((token) => token.role === role) || role === 'ceremony')
      faults.push(`${id}: ${role} is no other token of the plan`)
  if (new Set(spares).size !== (spares ?? []).length) faults.push(`${id}: a spare token is named twice`)
  if (backup === undefined) return faults
  const { t, n, custodians } = backup
  if (t < 2 || t > n || n > 16) faults.push(`${id}: ${t} of ${n} is no quorum of a backup`)
  if (custodians.length !== n) faults.push(`${id}: n = ${n}, but ${custodians.length} custodians are named`)
  if (new Set(custodians).size !== custodians.length) faults.push(`${id}: a custodian is named twice`)
  const seated = namesOf(plan, 'custodian')
  for (const name of custodians)
    if (!seated.includes(name)) faults.push(`${id}: ${name} is not a custodian of the plan`)
  return faults
}

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
