import type { Terms } from '@lux/ceremony'
import type { LintTerms } from '@lux/ceremony/plan'
import type { Policy } from '@lux/ceremony/policy'

/** How many officers, witnesses and approvers the policy asks for. */
export function termsOf({ officerQuorum, witnessQuorum, approverThreshold }: Policy): Terms {
  return { officers: officerQuorum, witnesses: witnessQuorum, approvers: approverThreshold }
}

/** How many people a plan has to seat, and whom and what it may name: a smaller room than the usual one is the policy’s to allow. */
export function roomOf(policy: Policy): LintTerms {
  const { organisation, officerQuorum, witnessQuorum, domain, machine, audiences, algorithms, combiners } =
    policy
  const cardsOf = (members: Policy['officers']) => members.map(({ card }) => card)
  return {
    officers: officerQuorum,
    witnesses: witnessQuorum,
    domain,
    organisation: organisation.id,
    ...(machine === undefined ? {} : { machine: machine.least }),
    listed: {
      cards: {
        officer: cardsOf(policy.officers),
        witness: cardsOf(policy.witnesses),
        approver: cardsOf(policy.approvers),
      },
      audiences: audiences.map(({ audience }) => audience),
      combining: audiences.filter(({ combinerRecipient }) =>
        combiners.some(({ recipient }) => recipient === combinerRecipient),
      ),
      algorithms: algorithms.keys,
      judges: [
        ...policy.officers.map(({ name, keys }) => ({ role: 'officer' as const, name, keys })),
        ...policy.witnesses.map(({ name, keys }) => ({ role: 'witness' as const, name, keys })),
      ],
      oldest: policy.oldest?.card ?? 1,
    },
  }
}

/** What a production plan is looked at with. */
export function lintTermsOf(policy: Policy): LintTerms {
  return {
    ...roomOf(policy),
    evidence: {
      least: policy.leastEvidence,
      roots: policy.attestationRoots ?? [],
      softTokens: policy.softTokens,
    },
  }
}
