import { type BundleContents, peekBundle, type RandomAccess, verifyBundle } from '@lux/ceremony/bundle'
import { type Policy, type PolicyFile, policyDigest } from '@lux/ceremony/policy'
import { verifyAttestation } from '@lux/hsm'
import type { Domain } from '../platform/state-folder/settings.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'

export type Situation = {
  readonly domain: Domain
  readonly audience: string
  /** Every policy that this server ever pinned, oldest first; the last one judges. */
  readonly policies: readonly PolicyFile[]
  /** Digest of the policy under which an import of this bundle was begun here; it goes on under that one. */
  readonly begunUnder?: string | 'absent'
  readonly lastReceipt: { readonly bundleDigest: string; readonly sequence: string } | null
}

export type Judged = {
  readonly contents: BundleContents
  readonly policy: Policy
  readonly policyDigest: string
}

/**
 * Every check of a bundle against what this server is and has, under the newest policy alone: whom a later one left out
 * signs nothing here any more. Refuses with the first failed check's name; with POLICY-SUPERSEDED where the bundle names an
 * earlier policy of this server, with BUNDLE-VERIFY when a check could not be run.
 */
export async function judgeBundle(reader: RandomAccess, situation: Situation): Promise<Outcome<Judged>> {
  const { policies, domain, audience, lastReceipt } = situation
  const newest = policies.at(-1)
  if (newest === undefined)
    return refuse('POLICY-MISSING', 'no policy is pinned: custody-server trust POLICY')
  const peeked = await peekBundle(reader)
  if (!peeked.ok) return peeked
  const named = policies.find(({ policy }) => policyDigest(policy) === peeked.value.predicate.policyDigest)
  const begun = named !== undefined && policyDigest(named.policy) === situation.begunUnder
  if (named !== undefined && named !== newest && !begun) {
    return refuse(
      'POLICY-SUPERSEDED',
      `the bundle is under the policy of version ${named.policy.version}, pinned here is version ${newest.policy.version}`,
    )
  }
  const policy = named ?? newest
  const verdict = await verifyBundle(reader, {
    policy,
    domain,
    audience,
    lastReceipt,
    attestation: verifyAttestation,
  })
  if (verdict.verdict !== 'accepted' || verdict.contents === null) {
    const fault =
      verdict.checks.find(({ ok }) => ok === false) ?? verdict.checks.find(({ ok }) => ok === null)
    return refuse(fault?.id ?? 'BUNDLE-VERIFY', fault?.detail ?? 'not accepted')
  }
  return accept({
    contents: verdict.contents,
    policy: policy.policy,
    policyDigest: policyDigest(policy.policy),
  })
}
