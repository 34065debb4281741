import { authoritiesOf } from '@lux/ceremony/policy'
import { checkDecryptionRequest, type RequestPackage } from '@lux/ceremony/wire'
import { readTrustedPolicy } from '../policy/trusted-policy.ts'
import { refused } from '../shell/command-line.ts'

/** Before the expiry of any request. */
const longAgo = new Date(0).toISOString()

/**
 * That a request is one that the policy allows: requester, combiner, provenance, approvals, expiry. Not its budget, which
 * only a holder knows, and of one that holders have `answered` not its expiry either: they gave no answer after it, and what they gave in
 * time is combined when it has come. Gives who approved. Errors: POLICY-… and those of `checkDecryptionRequest`.
 */
export function checkApprovedRequest(
  given: RequestPackage,
  policyPath: string,
  { answered = false } = {},
): readonly string[] {
  const policy = readTrustedPolicy(policyPath)
  const { payload } = given.request
  const checked = checkDecryptionRequest(given, {
    domain: policy.domain,
    keyId: payload.keyId,
    epochId: payload.epochId,
    mode: payload.mode,
    authorities: authoritiesOf(policy),
    approvers: { role: 'approver', members: policy.approvers, quorum: policy.approverThreshold },
    now: answered ? longAgo : new Date().toISOString(),
    taken: new Set(),
    left: null,
  })
  if (!checked.ok) throw refused(checked)
  return checked.value.approvedBy
}
