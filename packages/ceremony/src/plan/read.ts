import { sha256Hex } from '@lux/crypto'
import {
  approvalOf,
  type PlanLock,
  planApprovalCodec,
  planLockCodec,
} from '../documents/ceremony/plan-approval.ts'
import type { SignerGroup } from '../documents/format/signatures.ts'
import type { Digest, Plan } from './plan.ts'
import { type PlanRefusal, planRefusal } from './rules.ts'
import { shapePlan } from './schema.ts'
import { cutOff, decodeText, parseYaml } from './yaml-text.ts'

export type ReadPlan = { ok: true; plan: Plan; hash: Digest } | { ok: false; refusals: PlanRefusal[] }

/** SHA-256 of the plan file's bytes, hex: what officers approve. */
export function planHash(bytes: Uint8Array): Digest {
  return sha256Hex(bytes)
}

/** A plan file, strictly: PLAN-01 bytes, PLAN-02 YAML, PLAN-03 schema, PLAN-46 cut off. Does not lint. */
export function readPlan(bytes: Uint8Array): ReadPlan {
  const text = decodeText(bytes)
  if (!text.ok) return text
  const value = parseYaml(text.value)
  if (!value.ok) return value
  const shaped = shapePlan(value.value)
  if (shaped.ok) return { ok: true, plan: shaped.value, hash: planHash(bytes) }
  return { ok: false, refusals: [...unendedLine(bytes), ...shaped.refusals] }
}

/**
 * PLAN-46 of a file whose last line has no end: for a plan in which something else is wrong, for it alone is no fault. What was
 * read and begins with a brace ends with one, so that it is whole, such as a policy in the plan's place.
 */
export function unendedLine(bytes: Uint8Array): PlanRefusal[] {
  return bytes.at(-1) === 0x0a || bytes[0] === 0x7b
    ? []
    : [cutOff('the last line of the file has no line end')]
}

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
