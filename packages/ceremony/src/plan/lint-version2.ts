import type { Plan } from './plan.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'

/** PLAN-72: the earlier keys and the next policy that a plan names. */
export function lintLinks(plan: Plan): PlanRefusal[] {
  return linkFaults(plan).map((fault) => planRefusal('PLAN-72', '', fault))
}

function linkFaults(plan: Plan): string[] {
  const faults: string[] = []
  const links = [...plan.keys.flatMap(({ replaces }) => replaces ?? []), ...(plan.revokes ?? [])]
  const named = links.map(({ bundle, id, version }) => `${id} ${version} of the bundle ${bundle}`)
  for (const one of new Set(named.filter((name, at) => named.indexOf(name) !== at)))
    faults.push(`${one} is replaced or revoked twice`)
  for (const { id, level, version = 1, replaces, existing } of plan.keys) {
    if (existing !== undefined && (replaces !== undefined || version !== 1))
      faults.push(`${id} is there already, so it comes in no other key’s place`)
    else if (version !== (replaces?.version ?? 0) + 1)
      faults.push(`${id} is version ${version}, and ${replaces?.version ?? 'none'} is before it`)
    if (level !== 'root' && replaces !== undefined && replaces.id !== id)
      faults.push(`${id} is no version of ${replaces.id}: below a root a key keeps its id`)
  }
  if (plan.nextPolicy === plan.policy) faults.push('the next policy is the one under which the plan runs')
  return faults
}
