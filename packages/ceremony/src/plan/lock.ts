import {
  approvalOf,
  type PlanLock,
  planApprovalCodec,
  planLockCodec,
} from '../documents/ceremony/plan-approval.ts'
import type { SignerGroup } from '../documents/format/signatures.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'

/** What a lock has to fit. `officers` are the policy's, with its quorum; `diffDigest` where the plan changed since. */
export type LockFacts = {
  planHash: string
  policyDigest: string
  rehearsalDigest?: string
  diffDigest?: string | null
  officers: SignerGroup
}

export type CheckedLock =
  | { ok: true; lock: PlanLock; approvedBy: string[] }
  | { ok: false; refusals: PlanRefusal[] }

/** A plan.lock.json against its plan, its policy and the officers who had to approve. PLAN-05 names what is off. */
export function checkLock(bytes: Uint8Array, facts: LockFacts): CheckedLock {
  const refuse = (detail: string): CheckedLock => ({
    ok: false,
    refusals: [planRefusal('PLAN-05', '', detail)],
  })
  const read = planLockCodec.parse(bytes)
  if (!read.ok) return refuse(read.detail)
  const lock = read.value
  if (lock.planHash !== facts.planHash)
    return refuse(`it locks the plan ${lock.planHash}, this is ${facts.planHash}`)
  if (lock.policyDigest !== facts.policyDigest)
    return refuse(`it names the policy ${lock.policyDigest}, this is ${facts.policyDigest}`)
  if (facts.rehearsalDigest !== undefined && lock.rehearsalDigest !== facts.rehearsalDigest)
    return refuse(`it names the rehearsal ${lock.rehearsalDigest}, this is ${facts.rehearsalDigest}`)
  if (facts.diffDigest !== undefined && lock.diffDigest !== facts.diffDigest)
    return refuse(
      `it approves the change ${lock.diffDigest ?? 'none'}, this is ${facts.diffDigest ?? 'none'}`,
    )
  const document = { payload: approvalOf(lock), signatures: lock.signatures }
  const signed = planApprovalCodec.verify(document, 'production', [facts.officers])
  if (!signed.ok) return refuse(`${signed.rule}: ${signed.detail}`)
  return { ok: true, lock, approvedBy: [...(signed.value[facts.officers.role] ?? [])] }
}
