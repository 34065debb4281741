import { fromHex, identityId, toWords } from '@lux/crypto'
import { signatureContext } from '../documents/format/context.ts'
import { distinct } from '../documents/format/fields.ts'
import { accept, type Outcome, refuse } from '../documents/format/outcome.ts'
import { checkSignatures } from '../documents/format/signatures.ts'
import { newest, type Version } from '../documents/format/versions.ts'
import { type Policy, type PolicyFile, type PolicyMember, policyDocument, policyFileCodec } from './schema.ts'

/** SHA-256(JCS(policy)), hex: what is compared as words, and what plans and bundles name. */
export function policyDigest(policy: Policy): string {
  return policyDocument.payload.digest(policy)
}

/** policy.json of canonical bytes; its sense and signatures are for `checkPolicy`. Refuses POLICY-MALFORMED. */
export function parsePolicyFile(bytes: Uint8Array): Outcome<PolicyFile> {
  return policyFileCodec.parse(bytes)
}

export function encodePolicyFile(file: PolicyFile): Uint8Array {
  return policyFileCodec.encode(file)
}

/** Whether a policy can mean anything: quorums that can be reached, nobody and no key twice in a set, versions. */
function checkPolicySense(policy: Policy): Outcome<null> {
  const quorums: [string, number, readonly PolicyMember[]][] = [
    ['officerQuorum', policy.officerQuorum, policy.officers],
    ['approverThreshold', policy.approverThreshold, policy.approvers],
    ['witnessQuorum', policy.witnessQuorum, policy.witnesses],
  ]
  for (const [name, quorum, members] of quorums) {
    if (quorum > members.length) {
      return refuse('POLICY-QUORUM-IMPOSSIBLE', `${name} is ${quorum} of ${members.length}`)
    }
  }
  const sets = [
    policy.officers,
    policy.approvers,
    policy.witnesses,
    policy.requesters,
    policy.evaluators,
    policy.encryptors,
  ]
  for (const set of sets) {
    const halves = set.flatMap(({ keys }) => Object.values(keys))
    if (!distinct(halves, (key) => key)) return refuse('POLICY-KEY-TWICE', 'two members of a set share a key')
    const foreign = set.find(({ algorithms }) =>
      algorithms.some((scheme) => !policy.algorithms.signatures.includes(scheme)),
    )
    if (foreign) return refuse('POLICY-ALGORITHM', `${foreign.name} has a key of an algorithm not listed`)
  }
  // An officer's signature must never count as a witness's: both sign in one bundle.
  const officers = new Set<string>(policy.officers.flatMap(({ keys }) => Object.values(keys)))
  const both = policy.witnesses.find(({ keys }) => Object.values(keys).some((key) => officers.has(key)))
  if (both) return refuse('POLICY-KEY-TWICE', `${both.name} is officer and witness with one key`)
  if (policy.version === 1 ? policy.previous !== null : policy.previous === null) {
    return refuse('POLICY-PREVIOUS', 'exactly the first version has no previous')
  }
  if (policy.changes !== undefined) {
    if (policy.version === 1) return refuse('POLICY-CHANGES', 'the first version follows none')
    for (const one of policy.changes) {
      const there = judgesOf(policy)[one.role].some(({ card }) => card === one.card)
      if (there !== (one.change === 'added'))
        return refuse(
          'POLICY-CHANGES',
          `${one.name} is ${one.change} as ${one.role}, yet ${there ? '' : 'not '}listed`,
        )
    }
  }
  return accept(null)
}

type Change = NonNullable<Policy['changes']>[number]
type Judge = Change['role']

function judgesOf(policy: Policy): Record<Judge, readonly PolicyMember[]> {
  return { officer: policy.officers, approver: policy.approvers, witness: policy.witnesses }
}

/** Who came and who left, as `changes` of version 2 must list them. */
function changesBetween(before: Policy, after: Policy): Omit<Change, 'reason'>[] {
  const [old, next] = [judgesOf(before), judgesOf(after)]
  const roles: readonly Judge[] = ['officer', 'approver', 'witness']
  return roles.flatMap((role) => {
    const without = (
      all: readonly PolicyMember[],
      others: readonly PolicyMember[],
      change: Change['change'],
    ) =>
      all
        .filter(({ card }) => others.every((other) => other.card !== card))
        .map(({ name, card }) => ({ role, name, card, change }))
    return [...without(next[role], old[role], 'added'), ...without(old[role], next[role], 'removed')]
  })
}

const changeLine = ({ role, card, change }: Omit<Change, 'reason' | 'name'>) => `${role} ${card} ${change}`

/** The policy with everybody who came and who left since the version before, each for this reason; as it is where nobody did. */
export function withChanges(before: Policy, policy: Policy, reason: string): Policy {
  const changes = changesBetween(before, policy).map((one) => ({ ...one, reason }))
  return changes.length === 0 ? policy : { ...policy, changes }
}

/** What a policy that is made or signed now keeps besides: it is of the newest version. Refuses POLICY-OLDEST and as `checkPlannable`. */
export function checkNewPolicy(policy: Policy): Outcome<null> {
  if (policy.v !== newest)
    return refuse('POLICY-OLDEST', `it is of version ${policy.v}, policies are signed in version ${newest}`)
  if (policy.oldest?.run !== newest)
    return refuse('POLICY-OLDEST', `it accepts runs of before version ${newest}`)
  return checkPlannable(policy)
}

/**
 * What a policy under which something is planned now keeps: it lists no build that production then refuses. `checkPolicy` judges
 * what was signed long ago, whose bundles stay what they are. Refuses POLICY-TOOL and as `checkPolicySense`.
 */
export function checkPlannable(policy: Policy): Outcome<null> {
  const checkout = policy.acceptedTools.find((build) => build.startsWith('dev:'))
  if (policy.domain === 'production' && checkout !== undefined)
    return refuse('POLICY-TOOL', `${checkout} is a checkout, which can only rehearse`)
  return checkPolicySense(policy)
}

/** POLICY-OLDEST: nobody goes back to a version whose rules a policy no longer takes. `v`: of a run, or of its plan. */
export function checkRunVersion({ oldest }: Pick<Policy, 'oldest'>, v: Version): Outcome<null> {
  return oldest === undefined || v >= oldest.run
    ? accept(null)
    : refuse('POLICY-OLDEST', `a run of version ${v}, the policy accepts ${oldest.run} or later`)
}

/**
 * A policy file taken by hand: it makes sense and k of its own officers signed. In version 1 nobody else may have
 * signed; later ones also carry officers of the version before, which only `checkSuccessor` can judge.
 */
export function checkPolicy(file: PolicyFile): Outcome<Policy> {
  const sense = checkPolicySense(file.policy)
  if (!sense.ok) return sense
  const { policy } = file
  const own = new Set(policy.officers.map(({ keys }) => identityId(keys)))
  const signatures =
    policy.version === 1 ? file.signatures : file.signatures.filter(({ signer }) => own.has(signer))
  const signed = checkSignatures(
    signatureContext('policy', policy.domain),
    policyDocument.signedBytes(policy),
    signatures,
    [{ role: 'officer', members: policy.officers, quorum: policy.officerQuorum }],
  )
  return signed.ok ? accept(policy) : signed
}

/** Whether `policy` may follow `current`, whoever signs it: version + 1, same domain and organisation, changes as they are. */
function checkFollows(current: Policy, policy: Policy): Outcome<Policy> {
  const sense = checkPolicySense(policy)
  if (!sense.ok) return sense
  if (policy.version !== current.version + 1) {
    return refuse('POLICY-VERSION', `version ${policy.version} does not follow ${current.version}`)
  }
  if (policy.previous !== policyDigest(current))
    return refuse('POLICY-PREVIOUS', 'names another previous version')
  if (policy.domain !== current.domain) return refuse('POLICY-DOMAIN', 'the domain is another')
  if (policy.organisation.id !== current.organisation.id)
    return refuse('POLICY-ORGANISATION', 'another organisation')
  const [before, after] = [current.oldest, policy.oldest]
  const lower =
    policy.v < current.v ||
    (before !== undefined && (after === undefined || after.card < before.card || after.run < before.run))
  // Versions 1 and 2 followed each other in either order.
  if (current.v === 3 && lower)
    return refuse('POLICY-OLDEST', 'accepts an earlier version than the one before')
  if (policy.v !== 1) {
    const listed = (policy.changes ?? []).map(changeLine).toSorted()
    if (listed.join() !== changesBetween(current, policy).map(changeLine).toSorted().join())
      return refuse('POLICY-CHANGES', 'changes does not list exactly who came and who left')
  }
  return accept(policy)
}

/** Everybody of both versions may sign, each once. */
function checkSigned(current: Policy, { policy, signatures }: PolicyFile): Outcome<ReadonlySet<string>> {
  const all = new Map(
    [...current.officers, ...policy.officers].map((member) => [identityId(member.keys), member]),
  )
  const signed = checkSignatures(
    signatureContext('policy', policy.domain),
    policyDocument.signedBytes(policy),
    signatures,
    [{ role: 'officer', members: [...all.values()], quorum: 0 }],
  )
  return signed.ok ? accept(new Set(signatures.map(({ signer }) => signer))) : signed
}

/**
 * A policy that is about to be signed by officers of `current`: who of them stays, and who of the others has signed it beforehand; both
 * by name as in `current` and in the next version. Refuses as `checkSuccessor`, but for signatures that are still missing.
 */
export function checkAhead(
  current: Policy,
  next: PolicyFile,
): Outcome<{ staying: string[]; ahead: string[] }> {
  const follows = checkFollows(current, next.policy)
  if (!follows.ok) return follows
  const signed = checkSigned(current, next)
  if (!signed.ok) return signed
  const byIdentity = ({ officers }: Policy) =>
    new Map(officers.map(({ keys, name }) => [identityId(keys), name]))
  const [now, then] = [byIdentity(current), byIdentity(next.policy)]
  return accept({
    staying: [...now].filter(([id]) => then.has(id)).map(([, name]) => name),
    ahead: [...then].filter(([id]) => !now.has(id) && signed.value.has(id)).map(([, name]) => name),
  })
}

/** Whether `next` may replace `current`: it follows it, and k of both versions signed. */
export function checkSuccessor(current: Policy, next: PolicyFile): Outcome<Policy> {
  const { policy } = next
  const follows = checkFollows(current, policy)
  if (!follows.ok) return follows
  const signed = checkSigned(current, next)
  if (!signed.ok) return signed
  const signers = signed.value
  for (const { version, officers, officerQuorum } of [current, policy]) {
    const present = officers.filter(({ keys }) => signers.has(identityId(keys))).length
    if (present < officerQuorum) {
      return refuse(
        'POLICY-QUORUM',
        `${present} of ${officerQuorum} officers of version ${version} have signed`,
      )
    }
  }
  return accept(policy)
}

/** The whole digest as 32 PGP words: the other side may have chosen the bytes, so none is left out. */
export function fingerprintWords(policy: Policy): string[] {
  return toWords(fromHex(policyDigest(policy), 32))
}

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
