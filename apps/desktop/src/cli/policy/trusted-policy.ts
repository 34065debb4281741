import { checkPolicy, type Policy, policyDigest } from '@lux/ceremony/policy'
import { type OpeningCertificate, openingCodec } from '@lux/ceremony/wire'
import { CoreError } from '@lux/node-files'
import { refused } from '../shell/command-line.ts'
import { readParsed, readPolicy } from '../shell/files.ts'

/** The policy that its holder took by hand. Errors: POLICY-…, SIGNATURE-…, QUORUM-SHORT. */
export function believedPolicy(path: string): Policy {
  const policy = checkPolicy(readPolicy(path))
  if (!policy.ok) throw refused(policy, 'take the policy again by hand and compare its words')
  return policy.value
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
