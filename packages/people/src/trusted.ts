import {
  checkPolicy,
  type Policy,
  type PolicyFile,
  parsePolicyFile,
  policyDigest,
} from '@lux/ceremony/policy'
import { type OpeningCertificate, openingCodec } from '@lux/ceremony/wire'
import { checked, need, no, type Outcome } from './outcome.ts'

/** Reads a policy that its holder took by hand. Refuses POLICY-…, SIGNATURE-…, QUORUM-SHORT. */
export function trustedPolicy(bytes: Uint8Array): Outcome<Policy> {
  return checked(() => need(checkPolicy(need(readPolicyFile(bytes))), 'policy'))
}

/** Reads the file alone, without checking its signatures. Refuses POLICY-…. */
export function readPolicyFile(bytes: Uint8Array): Outcome<PolicyFile> {
  return checked(() => need(parsePolicyFile(bytes), 'policy'), 'policy')
}

/**
 * Checks an opening, the reason to trust a ceremony key: k officers of the policy signed it. Refuses OPENING-MALFORMED, OPENING-POLICY,
 * OPENING-DOMAIN, SIGNATURE-…, QUORUM-SHORT.
 */
export function trustedOpening(bytes: Uint8Array, policy: Policy): Outcome<OpeningCertificate> {
  return checked(() => {
    const document = need(openingCodec.file.parse(bytes), 'opening')
    const { payload } = document
    if (payload.policyDigest !== policyDigest(policy))
      no('OPENING-POLICY', 'it is of a ceremony under another policy', 'opening')
    if (payload.domain !== policy.domain) no('OPENING-DOMAIN', `it is of ${payload.domain}`, 'opening')
    const { officers, officerQuorum } = policy
    need(
      openingCodec.verify(document, payload.domain, [
        { role: 'officer', members: officers, quorum: officerQuorum },
      ]),
      'opening',
    )
    return payload
  }, 'opening')
}
