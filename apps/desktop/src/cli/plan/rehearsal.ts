import { verifyBundle } from '@lux/ceremony/bundle'
import type { Plan, PlanChange } from '@lux/ceremony/plan'
import { fileReader } from '@lux/node-files'
import { type RehearsedPlan, rehearsedPlan } from '@lux/people'
import { accepted } from '../shell/accepted.ts'

/** What officers approve of a plan after the rehearsal that this bundle sealed. Errors: REHEARSAL-…. */
export async function rehearsedAt(plan: Plan, hash: string, bundle: string): Promise<RehearsedPlan> {
  const reader = fileReader(bundle)
  try {
    return accepted(await rehearsedPlan({ plan, hash }, await verifyBundle(reader)), { bundle })
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
