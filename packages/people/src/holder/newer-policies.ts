import {
  authoritiesOf,
  checkAhead,
  checkSuccessor,
  type Policy,
  type PolicyFile,
  policyDigest,
} from '@lux/ceremony/policy'
import { identityId } from '@lux/crypto'
import type { Authorities } from '@lux/crypto/fhe'
import { checked, need, no, type Outcome } from '../outcome.ts'

/** The later versions of a policy among those that were taken by hand. Officers of both versions signed each link. */
export function laterVersions(policy: Policy, taken: readonly PolicyFile[]): Policy[] {
  return taken
    .filter((file) => checkSuccessor(policy, file).ok)
    .flatMap((file) => [file.policy, ...laterVersions(file.policy, taken)])
}

/** Checks that each of these is a later version of a policy, with every link between. Refuses POLICY-CHAIN. */
export function allLater(policy: Policy, files: readonly PolicyFile[]): Outcome<Policy[]> {
  return checked(() => {
    const later = laterVersions(policy, files)
    const digests = new Set(later.map(policyDigest))
    const other = files.find((file) => !digests.has(policyDigest(file.policy)))
    return other === undefined
      ? later
      : no('POLICY-CHAIN', `no version from ${policy.version} on leads to ${other.policy.version}`, 'policy')
  })
}

/**
 * Checks that a policy fits the chain of its organisation's policies taken before: the next version, or the one before, signed by officers
 * of both. A gap would hide whom a version in between dropped. First versions may stand side by side, and each rehearsal has its own.
 * `signed`: whether its signatures are there already. Refuses POLICY-CHAIN.
 */
export function checkChain(
  file: PolicyFile,
  taken: readonly PolicyFile[],
  { signed }: { signed: boolean },
): Outcome<null> {
  return checked(() => {
    const { policy } = file
    if (policy.domain === 'rehearsal') return null
    const digest = policyDigest(policy)
    const own = taken.filter(
      ({ policy: { organisation, domain } }) =>
        organisation.id === policy.organisation.id && domain === policy.domain,
    )
    if (own.length === 0 || own.some((one) => policyDigest(one.policy) === digest)) return null
    if ([file, ...own].every((one) => one.policy.version === 1)) return null
    const links = own.map((one) =>
      one.policy.version > policy.version
        ? checkSuccessor(policy, one)
        : signed
          ? checkSuccessor(one.policy, file)
          : checkAhead(one.policy, file),
    )
    if (links.some(({ ok }) => ok)) return null
    const near = own.findIndex((one) => Math.abs(one.policy.version - policy.version) === 1)
    return need(broken(links[near] ?? links[0]), 'policy')
  })
}

const broken = (link: Outcome<unknown> | undefined): Outcome<never> => {
  const detail = link === undefined || link.ok ? '' : `${link.rule}: ${link.detail}`
  return { ok: false, rule: 'POLICY-CHAIN', detail }
}

/** Checks that no later version of the policy was taken, which may have dropped whoever opened the ceremony. Refuses OPENING-OLD. */
export function checkNewest(policy: Policy, taken: readonly PolicyFile[]): Outcome<null> {
  return checked(() => {
    const newest = laterVersions(policy, taken).at(-1)
    return newest === undefined
      ? null
      : no(
          'OPENING-OLD',
          `it opened under version ${policy.version}, and version ${newest.version} was taken`,
          'opening',
        )
  })
}

/** The people whom a share names, without those whom a newer policy, taken by hand, dropped. */
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

/** Who may approve under a policy and all its newer versions, and how many of them the strictest asks for. */
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
