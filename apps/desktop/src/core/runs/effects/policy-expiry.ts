import type { Command, Refusal } from '@lux/ceremony'
import type { Policy } from '@lux/ceremony/policy'
import type { RunContext } from './context.ts'

/** Why a run may neither begin nor open under this policy any more: POLICY-EXPIRED, or null. */
export function expired({ expiry }: Policy, now: string): Refusal | null {
  return expiry < now
    ? { ok: false, rule: 'POLICY-EXPIRED', detail: `the policy expired on ${expiry}` }
    : null
}

/** For people who plan under a policy or look at it; none while it has not expired. */
export function expiryWarnings(policy: Policy, now: string): string[] {
  const late = expired(policy, now)
  return late === null
    ? []
    : [`warning, ${late.rule}: ${late.detail}; nothing is rehearsed, locked, begun or opened under it`]
}

/** What people say at the opening is not taken once the policy has expired: no bundle of that run would be accepted. */
export function lateOpening(
  run: Pick<RunContext, 'folder' | 'policy' | 'clock'>,
  command: Command,
): Refusal | null {
  const { steps, current } = run.folder.state
  const opens = command.type === 'proceed' || (command.type === 'submit' && command.what === 'opening')
  if (!opens || steps[current]?.step.do !== 'open-run') return null
  return expired(run.policy.policy, run.clock.now())
}
