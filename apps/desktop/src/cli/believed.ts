import { checkPolicy, checkSuccessor, type Policy, policyDigest } from '@lux/ceremony/policy'
import { type OpeningCertificate, openingCodec } from '@lux/ceremony/wire'
import { CoreError } from '../core/core-error.ts'
import { refused } from './command-line.ts'
import { readParsed, readPolicy } from './files.ts'

/** The policy that its holder took by hand. Errors: POLICY-…, SIGNATURE-…, QUORUM-SHORT. */
export function believedPolicy(path: string): Policy {
  const policy = checkPolicy(readPolicy(path))
  if (!policy.ok) throw refused(policy, 'take the policy again by hand and compare its words')
  return policy.value
}

/**
 * That a share was dealt under this policy, or under the one before it, named by hand, of which k officers signed this one
 * too. Errors: HOLDER-POLICY, POLICY-….
 */
export function checkSharePolicy(held: string, policyPath: string, previousPath: string | undefined): void {
  const policy = believedPolicy(policyPath)
  if (held === policyDigest(policy)) return
  const previous = previousPath === undefined ? null : believedPolicy(previousPath)
  if (previous === null || held !== policyDigest(previous))
    throw new CoreError(
      'HOLDER-POLICY',
      'the share was dealt under another policy',
      previous === null ? 'name the policy of the share' : 'name it with --previous-policy',
    )
  const successor = checkSuccessor(previous, readPolicy(policyPath))
  if (!successor.ok) throw refused(successor, 'take the policy again by hand and compare its words')
}

/**
 * Why a ceremony key is believed: k officers of the policy signed its opening. Errors: OPENING-POLICY, OPENING-DOMAIN,
 * SIGNATURE-…, QUORUM-SHORT.
 */
export function believedOpening(path: string, policy: Policy): OpeningCertificate {
  const document = readParsed(path, openingCodec.file)
  const { payload } = document
  if (payload.policyDigest !== policyDigest(policy))
    throw new CoreError(
      'OPENING-POLICY',
      `${path} is of a ceremony under another policy`,
      'do not take this share',
    )
  if (payload.domain !== policy.domain)
    throw new CoreError('OPENING-DOMAIN', `${path} is of ${payload.domain}`, 'do not take this share')
  const { officers, officerQuorum } = policy
  const signed = openingCodec.verify(document, payload.domain, [
    { role: 'officer', members: officers, quorum: officerQuorum },
  ])
  if (!signed.ok) throw refused(signed, 'do not take this share')
  return payload
}
