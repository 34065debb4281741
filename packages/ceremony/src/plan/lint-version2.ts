import { type Plan, type PlannedKey, tokenNeeds } from './plan.ts'
import { namesOf } from './queries.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'

/** What a plan of version 2 can ask for and no step of this version does; a bundle of such a plan nobody can check yet. */
export function notYet(plan: Plan): string[] {
  return [
    ...plan.keys.flatMap(({ id, replaces }) =>
      replaces === undefined ? [] : [`${id} in the place of an earlier key`],
    ),
    ...(plan.revokes === undefined ? [] : ['a revocation of keys']),
    ...(plan.nextPolicy === undefined ? [] : ['a change of the policy']),
  ]
}

/** PLAN-70 to PLAN-73: what version 2 alone has. */
export function lintVersion2(plan: Plan): PlanRefusal[] {
  return [
    ...notYet(plan).map((what) => planRefusal('PLAN-70', '', what)),
    ...plan.keys.flatMap((key) => backupFaults(plan, key).map((fault) => planRefusal('PLAN-71', '', fault))),
    ...linkFaults(plan).map((fault) => planRefusal('PLAN-72', '', fault)),
    ...needFaults(plan).map((fault) => planRefusal('PLAN-73', '', fault)),
  ]
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

function linkFaults(plan: Plan): string[] {
  const faults: string[] = []
  const links = [...plan.keys.flatMap(({ replaces }) => replaces ?? []), ...(plan.revokes ?? [])]
  const named = links.map(({ bundle, id, version }) => `${id} ${version} of the bundle ${bundle}`)
  for (const one of new Set(named.filter((name, at) => named.indexOf(name) !== at)))
    faults.push(`${one} is replaced or revoked twice`)
  for (const { id, version = 1, replaces, existing } of plan.keys) {
    if (existing !== undefined && (replaces !== undefined || version !== 1))
      faults.push(`${id} is there already, so it comes in no other key’s place`)
    else if (version !== (replaces?.version ?? 0) + 1)
      faults.push(`${id} is version ${version}, and ${replaces?.version ?? 'none'} is before it`)
  }
  if (plan.nextPolicy === plan.policy) faults.push('the next policy is the one under which the plan runs')
  return faults
}

function needFaults(plan: Plan): string[] {
  return plan.tokens.flatMap(({ role, profile, needs }) => {
    if (profile !== 'measured')
      return needs === undefined ? [] : [`${role} is ${profile}, yet needs are listed`]
    if (needs === undefined || needs.length === 0) return [`${role} is measured, and no need is listed`]
    const inOrder = tokenNeeds.filter((need) => needs.includes(need))
    return inOrder.join() === needs.join()
      ? []
      : [`${role}: the needs are ${inOrder.join(', ')}, in this order`]
  })
}
