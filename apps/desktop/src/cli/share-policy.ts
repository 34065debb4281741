import { authoritiesOf, checkSuccessor, type Policy, policyDigest } from '@lux/ceremony/policy'
import { encodeCanonical, equalBytes } from '@lux/crypto'
import type { ShareEnvelope } from '@lux/crypto/fhe'
import { CoreError } from '@lux/node-files'
import type { Opened } from './holder-opened.ts'
import { believedPolicy } from './policy/trusted-policy.ts'
import { refused } from './shell/command-line.ts'
import { readPolicy } from './shell/files.ts'

type Dealt = Pick<Opened, 'held' | 'envelope'>

/**
 * That the dealing workstation put the people of the policy whose hash is in the share into it, and nobody else: a holder answers
 * whom the share names. Errors: FHE-AUTHORITIES-OTHER.
 */
export function checkAuthorities({ authorities }: ShareEnvelope, policy: Policy): void {
  const named = authoritiesOf(policy)
  const lists = ['requesters', 'combiners', 'evaluators', 'encryptors'] as const
  const other = lists.filter(
    (list) => !equalBytes(encodeCanonical([...authorities[list]]), encodeCanonical([...named[list]])),
  )
  if (other.length > 0)
    throw new CoreError(
      'FHE-AUTHORITIES-OTHER',
      `the share has other ${other.join(', ')} than the policy`,
      'do not acknowledge it and answer nothing with it; tell the other holders and the officers',
    )
}

/** That a share was dealt under this very policy, and to its people. Errors: HOLDER-POLICY, FHE-AUTHORITIES-OTHER. */
export function checkDealtUnder({ held, envelope }: Dealt, policy: Policy): void {
  if (held.policyDigest !== policyDigest(policy)) throw dealtUnderAnother('name the policy of the share')
  checkAuthorities(envelope, policy)
}

/**
 * That a share was dealt under this policy, or under the one before it, named by hand, of which k officers signed this one
 * too; and to the people of the one that it was dealt under. Errors: HOLDER-POLICY, POLICY-…, FHE-AUTHORITIES-OTHER.
 */
export function checkSharePolicy(dealt: Dealt, policyPath: string, previousPath: string | undefined): void {
  const policy = believedPolicy(policyPath)
  if (previousPath === undefined || dealt.held.policyDigest === policyDigest(policy)) {
    checkDealtUnder(dealt, policy)
    return
  }
  const previous = believedPolicy(previousPath)
  if (dealt.held.policyDigest !== policyDigest(previous))
    throw dealtUnderAnother('name it with --previous-policy')
  const successor = checkSuccessor(previous, readPolicy(policyPath))
  if (!successor.ok) throw refused(successor, 'take the policy again by hand and compare its words')
  checkAuthorities(dealt.envelope, previous)
}

function dealtUnderAnother(remedy: string): CoreError {
  return new CoreError('HOLDER-POLICY', 'the share was dealt under another policy', remedy)
}
