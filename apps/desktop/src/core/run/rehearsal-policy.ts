import { type Policy, type PolicyFile, policyDocument } from '@lux/ceremony/policy'
import { cardCodec } from '@lux/ceremony/wire'
import type { StandIn } from '../rehearsal/stand-ins.ts'

/** k stand-in officers sign, as k real ones would. */
export function signedBy(policy: Policy, standIns: readonly StandIn[]): PolicyFile {
  const signers = new Set(policy.officers.map(({ card }) => card))
  const officers = standIns
    .filter(({ card }) => signers.has(cardCodec.digest(card)))
    .slice(0, policy.officerQuorum)
  return {
    policy,
    signatures: officers.map(({ identity }) => policyDocument.sign(identity, policy, 'rehearsal')),
  }
}
