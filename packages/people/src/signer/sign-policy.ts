import {
  checkNewPolicy,
  encodePolicyFile,
  expiryWarnings,
  type Policy,
  type PolicyFile,
  policyDigest,
  policyDocument,
} from '@lux/ceremony/policy'
import { identityId } from '@lux/crypto'
import { checkChain } from '../holder/newer-policies.ts'
import { checked, need, no, type Outcome } from '../outcome.ts'
import type { PersonKey } from '../person-key.ts'
import { readPolicyFile } from '../trusted.ts'
import { wordsOf } from '../words.ts'
import { describePolicy } from './describe-policy.ts'
import { checkSigner } from './sign.ts'

/** A well-formed policy with its signatures. Whose they are was not checked. */
type PolicyToSign = {
  readonly file: PolicyFile
  readonly digest: string
  /** Of the digest: compared aloud. */
  readonly words: readonly string[]
  /** All that the policy says, its digest in words last. */
  readonly lines: readonly string[]
}

/** A policy's signature that waits for its officer's yes. */
type PreparedPolicy = PolicyToSign & { readonly key: PersonKey; readonly warnings: readonly string[] }

type SignedPolicy = { readonly policy: Policy; readonly file: PolicyFile; readonly bytes: Uint8Array }

/** What an officer is asked to sign, told from the file's bytes alone. Refuses POLICY-… */
export function policyToSign(bytes: Uint8Array): Outcome<PolicyToSign> {
  return checked(() => {
    const file = need(readPolicyFile(bytes))
    need(checkNewPolicy(file.policy), 'policy')
    const digest = policyDigest(file.policy)
    return { file, digest, words: wordsOf(digest), lines: describePolicy(file.policy) }
  })
}

/**
 * Checks that this key may sign it, at `now`, ISO-8601 UTC. Officers of the version before also sign a new one, without being in it.
 * Refuses POLICY-SIGNER, REQUEST-DOMAIN, SIGNATURE-DUPLICATE.
 */
export function preparePolicy(asked: PolicyToSign, key: PersonKey, now: string): Outcome<PreparedPolicy> {
  return checked(() => {
    const { policy, signatures } = asked.file
    need(checkPolicySigner(policy, key))
    const { name } = key.card
    if (signatures.some(({ signer }) => signer === key.identity.id))
      no('SIGNATURE-DUPLICATE', `${name} has signed already`)
    return { ...asked, key, warnings: expiryWarnings(policy, now) }
  })
}

/** Checks that this key belongs to such an officer. Refuses POLICY-SIGNER, REQUEST-DOMAIN. */
function checkPolicySigner(policy: Policy, key: PersonKey): Outcome<null> {
  return checked(() => {
    const { kind, name } = key.card
    if (kind !== 'officer') no('POLICY-SIGNER', `${name} is enrolled as ${kind}`, 'key')
    need(checkSigner({ kind, request: policy }, key))
    const named = policy.officers.some(({ keys }) => identityId(keys) === key.identity.id)
    return named || policy.version > 1
      ? null
      : no('POLICY-SIGNER', `${name} is no officer of this policy`, 'key')
  })
}

/**
 * Checks a policy against those that its officer took by hand. It must be the next version of one, or of another organisation. Refuses
 * POLICY-….
 */
export function checkPolicyAsked(
  policy: Policy,
  key: PersonKey,
  taken: readonly PolicyFile[],
): Outcome<null> {
  return checked(() => {
    need(checkNewPolicy(policy), 'policy')
    need(checkPolicySigner(policy, key))
    return need(checkChain({ policy, signatures: [] }, taken, { signed: false }))
  })
}

/** After the yes: the file with one more signature. */
export function signPolicy({ file: { policy, signatures }, key }: PreparedPolicy): SignedPolicy {
  const signature = policyDocument.sign(key.identity, policy, policy.domain)
  const file = { policy, signatures: [...signatures, signature] }
  return { policy, file, bytes: encodePolicyFile(file) }
}
