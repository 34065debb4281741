import type { Policy } from './schema.ts'

export type PolicyExpired = { readonly ok: false; readonly rule: 'POLICY-EXPIRED'; readonly detail: string }

/** Why a run may neither begin nor open under this policy any more: POLICY-EXPIRED, or null. */
export function expired({ expiry }: Pick<Policy, 'expiry'>, now: string): PolicyExpired | null {
  return expiry < now
    ? { ok: false, rule: 'POLICY-EXPIRED', detail: `the policy expired on ${expiry}` }
    : null
}

/** For people who sign a policy, plan under it or look at it; none while it has not expired. */
export function expiryWarnings(policy: Pick<Policy, 'expiry'>, now: string): string[] {
  const late = expired(policy, now)
  return late === null
    ? []
    : [`warning, ${late.rule}: ${late.detail}; nothing is rehearsed, locked, begun or opened under it`]
}
