import { verifyBundle } from '@lux/ceremony/bundle'
import { diffDigest, diffPlans, maxPlanBytes, type Plan, type PlanChange, readPlan } from '@lux/ceremony/plan'
import type { PlanApproval } from '@lux/ceremony/wire'
import { ExpectedError, fileReader } from '@lux/node-files'

/** What officers approve of a plan, and what changed since it was rehearsed. */
export type RehearsedPlan = { approval: PlanApproval; changes: PlanChange[] }

/**
 * The approval of a plan after the rehearsal that this bundle sealed. Errors: REHEARSAL-REFUSED with the check's name,
 * REHEARSAL-DOMAIN, REHEARSAL-PLAN.
 */
export async function rehearsedPlan(plan: Plan, hash: string, bundlePath: string): Promise<RehearsedPlan> {
  const reader = fileReader(bundlePath)
  try {
    // Simulated participants signed it under a policy derived for that run alone: what counts is that it is whole and consistent.
    const { verdict, failed, contents } = await verifyBundle(reader)
    if (verdict === 'refused' || contents === null)
      throw new ExpectedError(
        'REHEARSAL-REFUSED',
        `${bundlePath}: ${failed.join(', ')}`,
        'rehearse the plan again',
      )
    const { predicate, digest } = contents
    if (predicate.domain !== 'rehearsal')
      throw new ExpectedError(
        'REHEARSAL-DOMAIN',
        `${bundlePath} is of ${predicate.domain}`,
        'name the bundle of a rehearsal',
      )
    const approval = { domain: 'production', planHash: hash, rehearsalDigest: digest } as const
    if (predicate.planHash === hash) return { approval: { ...approval, diffDigest: null }, changes: [] }
    const bytes = await contents.read(predicate.planHash, maxPlanBytes)
    const before = bytes.ok ? readPlan(bytes.value) : null
    if (before === null || !before.ok)
      throw new ExpectedError(
        'REHEARSAL-PLAN',
        `${bundlePath} holds no plan to compare with`,
        'rehearse the plan again',
      )
    const changes = diffPlans(before.plan, plan)
    return { approval: { ...approval, diffDigest: diffDigest(before.hash, hash, changes) }, changes }
  } finally {
    reader.close()
  }
}

/** One line per change, for review. */
export function changeLines(changes: readonly PlanChange[]): string[] {
  return changes.map(
    ({ path, before, after }) => `  ${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`,
  )
}
