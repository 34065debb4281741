import { type BundleContents, peekBundle, type RandomAccess, verifyBundle } from '@lux/ceremony/bundle'
import { type Policy, type PolicyFile, policyDigest } from '@lux/ceremony/policy'
import { verifyAttestation } from '@lux/hsm'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { Domain } from '../state/settings.ts'

export type Situation = {
  readonly domain: Domain
  readonly audience: string
  /** Every policy that this server ever pinned. */
  readonly policies: readonly PolicyFile[]
  readonly lastReceipt: { readonly bundleDigest: string; readonly sequence: string } | null
}

export type Judged = {
  readonly contents: BundleContents
  readonly policy: Policy
  readonly policyDigest: string
}

/**
 * Every check of a bundle against what this server is and has. Refuses with the first failed check's name; with
 * BUNDLE-VERIFY when a check could not be run.
 */
export async function judgeBundle(reader: RandomAccess, situation: Situation): Promise<Outcome<Judged>> {
  const { policies, domain, audience, lastReceipt } = situation
  if (policies.length === 0)
    return refuse('POLICY-MISSING', 'no policy is pinned: custody-server trust POLICY')
  const peeked = await peekBundle(reader)
  if (!peeked.ok) return peeked
  const named = policies.find(({ policy }) => policyDigest(policy) === peeked.value.predicate.policyDigest)
  const policy = named ?? policies.at(-1)
  if (policy === undefined) return refuse('POLICY-MISSING', 'no policy is pinned')
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
