import {
  authoritiesOf,
  checkPolicy,
  checkSuccessor,
  type Policy,
  type PolicyFile,
  policyDigest,
} from '@lux/ceremony/policy'
import { refuse } from '@lux/ceremony/wire'
import { encodeCanonical, equalBytes } from '@lux/crypto'
import type { ShareEnvelope } from '@lux/crypto/fhe'
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { OpenedShare } from './share-file.ts'

type DealtUnder = Pick<OpenedShare, 'held' | 'envelope'>

/**
 * Checks that the dealing workstation put exactly the policy's people into the share, because a holder answers whom the share names.
 * Refuses FHE-AUTHORITIES-OTHER.
 */
export function checkAuthorities({ authorities }: ShareEnvelope, policy: Policy): Outcome<null> {
  return checked(() => {
    const named = authoritiesOf(policy)
    const lists = ['requesters', 'combiners', 'evaluators', 'encryptors'] as const
    const other = lists.filter(
      (list) => !equalBytes(encodeCanonical([...authorities[list]]), encodeCanonical([...named[list]])),
    )
    return other.length > 0
      ? no('FHE-AUTHORITIES-OTHER', `the share has other ${other.join(', ')} than the policy`)
      : null
  })
}

/** Checks that a share was dealt under this very policy, and to its people. Refuses HOLDER-POLICY, FHE-AUTHORITIES-OTHER. */
export function checkDealtUnder({ held, envelope }: DealtUnder, policy: Policy): Outcome<null> {
  return held.policyDigest === policyDigest(policy) ? checkAuthorities(envelope, policy) : dealtUnderAnother
}

/**
 * Checks that a share was dealt under this policy, or under the one before it, named by hand, whose officers signed this one too. The
 * share's people are those of the policy that it was dealt under. Refuses HOLDER-POLICY, POLICY-…, FHE-AUTHORITIES-OTHER.
 */
export function checkSharePolicy(
  dealt: DealtUnder,
  policyFile: PolicyFile,
  previousFile: PolicyFile | null,
): Outcome<null> {
  return checked(() => {
    const policy = need(checkPolicy(policyFile), 'policy')
    if (previousFile === null || dealt.held.policyDigest === policyDigest(policy))
      return need(checkDealtUnder(dealt, policy))
    const previous = need(checkPolicy(previousFile), 'previous-policy')
    if (dealt.held.policyDigest !== policyDigest(previous))
      need({ ...dealtUnderAnother, file: 'previous-policy' })
    need(checkSuccessor(previous, policyFile), 'policy')
    return need(checkAuthorities(dealt.envelope, previous))
  })
}

const dealtUnderAnother = refuse('HOLDER-POLICY', 'the share was dealt under another policy')
