import {
  encodePolicyFile,
  type Policy,
  type PolicyFile,
  parsePolicyFile,
  policyDigest,
  policyDocument,
} from '@lux/ceremony/policy'
import {
  planApprovalCodec,
  type SignatureAnswer,
  type SignatureRequest,
  signatureAnswerCodec,
} from '@lux/ceremony/wire'
import { identityId, sha256Hex, toBase64 } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'
import {
  checkPlanAnswer,
  checkSigner,
  type PersonKey,
  policyToSign,
  preparePolicy,
  prepareSignature,
  type RehearsedPlan,
  signAnswer,
  signingOf,
  signPolicy,
} from '@lux/people'
import { systemClock } from '../../system.ts'
import { needed } from '../shared/needed.ts'
import type { ServiceContext } from '../shared/service-context.ts'
import { mustBeShown, subjectOf } from '../shared/subject.ts'
import { approvalRequest, type SetupPlan } from './setup-plan.ts'
import { digestOf, policyFileOf, soundFile } from './setup-policy.ts'
import type { Setup } from './setup-state.ts'

/** Approvals of this very plan and rehearsal, by officers of the policy. */
export function approvalsOf(
  policy: Policy,
  { approvals }: Setup,
  rehearsed: RehearsedPlan | null,
): SignatureAnswer[] {
  if (rehearsed === null) return []
  return approvals.filter((answer) => isApproval(policy, rehearsed, answer))
}

function isApproval(policy: Policy, { approval }: RehearsedPlan, answer: SignatureAnswer): boolean {
  const signature = checkPlanAnswer(approval, answer)
  if (!signature.ok) return false
  const group = { role: 'officer', members: policy.officers, quorum: 1 }
  return planApprovalCodec.verify({ payload: approval, signatures: [signature.value] }, 'production', [group])
    .ok
}

/** Takes an officer's approval. Errors: SETUP-EARLY, ANSWER-OTHER, SIGNATURE-…. */
export function takeApproval(
  policy: Policy,
  setup: Setup,
  rehearsed: RehearsedPlan | null,
  answer: SignatureAnswer,
): Setup {
  if (rehearsed === null) throw new ExpectedError('SETUP-EARLY', 'the plan is not rehearsed yet')
  const { approval } = rehearsed
  const signature = needed(checkPlanAnswer(approval, answer))
  const group = { role: 'officer', members: policy.officers, quorum: 0 }
  const before = approvalsOf(policy, setup, rehearsed)
  const all = [...before.map((one) => one.signature), signature]
  needed(planApprovalCodec.verify({ payload: approval, signatures: all }, 'production', [group]))
  return { ...setup, approvals: [...before, answer] }
}

/** An officer approves the plan that was `shown` with a key in this window. Errors: SIGN-OTHER, REQUEST-…, SETUP-EARLY, SIGNATURE-DUPLICATE. */
export function approveWith(
  key: PersonKey,
  of: { policy: Policy; setup: Setup; plan: SetupPlan; rehearsed: RehearsedPlan | null },
  shown: string,
): Setup {
  if (of.rehearsed === null) throw new ExpectedError('SETUP-EARLY', 'the plan is not rehearsed yet')
  const request = approvalRequest(of.rehearsed, of.plan)
  mustBeShown(subjectOf(request), shown)
  const signing = needed(signingOf('officer', request))
  needed(checkSigner(signing, key))
  const { answer } = signAnswer(needed(prepareSignature(signing, key, {}, systemClock.now())))
  return takeApproval(of.policy, of.setup, of.rehearsed, needed(signatureAnswerCodec.parse(answer)))
}

/** An officer signs the policy that was `shown` with a key in this window. Errors: SIGN-OTHER, POLICY-…, REQUEST-DOMAIN, SIGNATURE-DUPLICATE. */
export function signPolicyWith(parts: ServiceContext, setup: Setup, key: PersonKey, shown: string): Setup {
  const own = soundFile(parts, setup)
  mustBeShown(digestOf(own.policy), shown)
  const asked = needed(policyToSign(encodePolicyFile(own)))
  const { file } = signPolicy(needed(preparePolicy(asked, key, parts.clock.now())))
  return setup.adopted === null ? { ...setup, signed: file } : { ...setup, adopted: file }
}

/** What a device of an officer's own is asked to sign of the policy. Errors: POLICY-… */
export function policyRequest(parts: ServiceContext, setup: Setup): SignatureRequest {
  const { policy } = soundFile(parts, setup)
  return {
    v: 1,
    kind: 'signature-request',
    what: 'policy',
    domain: setup.domain,
    subject: toBase64(policyDocument.signedBytes(policy)),
    lines: [],
  }
}

/** An officer's signature under the policy, from a device of their own. Errors: ANSWER-OTHER, SIGNATURE-…. */
export function takePolicySignature(
  parts: ServiceContext,
  setup: Setup,
  { subject, signature }: SignatureAnswer,
): Setup {
  const own = soundFile(parts, setup)
  if (subject !== sha256Hex(policyDocument.signedBytes(own.policy)))
    throw new ExpectedError('ANSWER-OTHER', 'it signs another policy')
  return takePolicy(parts, setup, encodePolicyFile({ policy: own.policy, signatures: [signature] }))
}

/**
 * A policy file that was brought: the one that is made here with more signatures, or one that its officers signed before, whose people
 * this ceremony then has. Errors: POLICY-…, SIGNATURE-…, POLICY-DOMAIN.
 */
export function takePolicy(parts: ServiceContext, setup: Setup, bytes: Uint8Array): Setup {
  const file = needed(parsePolicyFile(bytes))
  const own = policyFileOf(parts, setup)
  if (policyDigest(file.policy) !== digestOf(own.policy)) return adopt(setup, file)
  const known = new Set(own.signatures.map(({ signer }) => signer))
  const signatures = [...own.signatures, ...file.signatures.filter(({ signer }) => !known.has(signer))]
  const group = { role: 'officer', members: own.policy.officers, quorum: 0 }
  needed(policyDocument.verify({ payload: own.policy, signatures }, setup.domain, [group]))
  const merged = { policy: own.policy, signatures }
  return setup.adopted === null ? { ...setup, signed: merged } : { ...setup, adopted: merged }
}

function adopt(setup: Setup, file: PolicyFile): Setup {
  const { policy } = file
  if (policy.domain !== setup.domain) throw new ExpectedError('POLICY-DOMAIN', `it is of ${policy.domain}`)
  if (setup.signed !== null)
    throw new ExpectedError('SETUP-SIGNED', 'officers have signed the policy that is made here')
  const group = { role: 'officer', members: policy.officers, quorum: policy.officerQuorum }
  const signed = file.signatures.filter(({ signer }) =>
    policy.officers.some(({ keys }) => identityId(keys) === signer),
  )
  needed(policyDocument.verify({ payload: policy, signatures: signed }, setup.domain, [group]))
  return { ...setup, adopted: file, organisation: { ...policy.organisation } }
}
