import { authoritiesOf, type Policy } from '@lux/ceremony/policy'
import { identityId } from '@lux/crypto'
import type { Authorities } from '@lux/crypto/fhe'

/** Whom a share names, without those whom a newer policy that its holder took by hand does not name any more. */
export function stillNamed(authorities: Authorities, newer: readonly Policy[]): Authorities {
  return newer.map(authoritiesOf).reduce<Authorities>(
    (left, named) => ({
      requesters: both(left.requesters, named.requesters, identityId),
      combiners: both(left.combiners, named.combiners, (recipient) => recipient),
      evaluators: both(left.evaluators, named.evaluators, identityId),
      encryptors: both(left.encryptors, named.encryptors, identityId),
    }),
    authorities,
  )
}

/** Who may approve under a policy and all newer ones, and as many of them as the strictest asks for. */
export function stillApproving(policy: Policy, newer: readonly Policy[]) {
  return {
    role: 'approver',
    members: newer.reduce(
      (left, { approvers }) => both(left, approvers, ({ keys }) => identityId(keys)),
      policy.approvers,
    ),
    quorum: Math.max(...[policy, ...newer].map(({ approverThreshold }) => approverThreshold)),
  }
}

function both<T>(some: readonly T[], others: readonly T[], idOf: (one: T) => string): T[] {
  const known = new Set(others.map(idOf))
  return some.filter((one) => known.has(idOf(one)))
}
