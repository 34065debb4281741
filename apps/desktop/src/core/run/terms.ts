import type { Terms } from '@lux/ceremony'
import type { LintTerms } from '@lux/ceremony/plan'
import type { Policy } from '@lux/ceremony/policy'

/** How many officers, witnesses and approvers the policy asks for. */
export function termsOf({ officerQuorum, witnessQuorum, approverThreshold }: Policy): Terms {
  return { officers: officerQuorum, witnesses: witnessQuorum, approvers: approverThreshold }
}

/** How many people a plan has to seat: a smaller room than the usual one is the policy’s to allow. */
export function countsOf({ officerQuorum, witnessQuorum, domain }: Policy): LintTerms {
  return { officers: officerQuorum, witnesses: witnessQuorum, domain }
}

/** What a production plan is looked at with. */
export function lintTermsOf(policy: Policy): LintTerms {
  return {
    ...countsOf(policy),
    evidence: {
      least: policy.leastEvidence,
      roots: policy.attestationRoots ?? [],
      softTokens: policy.softTokens,
    },
  }
}
