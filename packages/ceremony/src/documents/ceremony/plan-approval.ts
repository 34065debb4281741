import * as v from 'valibot'
import { codec } from '../format/codec.ts'
import { documentCodec } from '../format/document.ts'
import { digest, domain, signatures } from '../format/fields.ts'

const approval = v.strictObject({
  domain,
  planHash: digest,
  /** Digest of the sealed rehearsal's bundle. */
  rehearsalDigest: digest,
  /** SHA-256 of the reviewed diff when the rehearsal was of an earlier plan, else null. */
  diffDigest: v.nullable(digest),
})

/** What an officer signs to approve a plan. */
export type PlanApproval = v.InferOutput<typeof approval>

export const planApprovalCodec = documentCodec<PlanApproval>(
  'plan-approval',
  'PLAN-APPROVAL',
  approval,
  65_536,
)

const lock = v.strictObject({
  planHash: digest,
  policyDigest: digest,
  rehearsalDigest: digest,
  diffDigest: v.nullable(digest),
  signatures,
})

/** plan.lock.json: the approval with its officers' signatures, and the policy that names them. */
export type PlanLock = v.InferOutput<typeof lock>

export const planLockCodec = codec<PlanLock>('PLAN-LOCK', lock, 262_144)

/** The approval under the lock's signatures. A lock is always of the domain production. */
export function approvalOf(planLock: PlanLock): PlanApproval {
  const { planHash, rehearsalDigest, diffDigest } = planLock
  return { domain: 'production', planHash, rehearsalDigest, diffDigest }
}
