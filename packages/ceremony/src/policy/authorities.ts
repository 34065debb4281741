import type { VerificationKeys } from '@lux/crypto'
import type { Policy } from './schema.ts'

/**
 * Whom a policy names for threshold keys, servers' requesters after the others: fixed into each share at dealing, so that no
 * later policy can widen them. At most 64 of each.
 */
export function authoritiesOf(policy: Policy): Authorities {
  return {
    requesters: [
      ...policy.requesters.map(({ keys }) => keys),
      ...policy.audiences.map(({ requesterKey }) => requesterKey),
    ],
    combiners: policy.combiners.map(({ recipient }) => recipient),
    evaluators: policy.evaluators.map(({ keys }) => keys),
    encryptors: policy.encryptors.map(({ keys }) => keys),
  }
}

/** Who may ask holders, open their answers, and vouch for ciphertexts, read from the policy by core. */
export type Authorities = {
  requesters: VerificationKeys[]
  combiners: string[]
  evaluators: VerificationKeys[]
  encryptors: VerificationKeys[]
}
