import type { BundleVerdict } from '@lux/ceremony/bundle'
import {
  type CheckedLock,
  checkLock,
  diffDigest,
  diffPlans,
  maxPlanBytes,
  type Plan,
  type PlanChange,
  readPlan,
} from '@lux/ceremony/plan'
import { checkRunVersion, expired, type Policy, policyDigest } from '@lux/ceremony/policy'
import type { Header } from '@lux/ceremony/transcript'
import {
  type PlanApproval,
  planApprovalCodec,
  planLockCodec,
  type SignatureAnswer,
  type SignatureRequest,
} from '@lux/ceremony/wire'
import { sha256Hex, toBase64 } from '@lux/crypto'
import { withoutHidden } from '@lux/crypto/text'
import { checked, checkedLater, need, no, type Outcome } from '../outcome.ts'

/** What officers approve in a plan, and what changed since its rehearsal. `before`: the plan of then, where it is another. */
export type RehearsedPlan = {
  readonly approval: PlanApproval
  readonly changes: readonly PlanChange[]
  readonly before: Plan | null
  /** On what each token of the rehearsal was, by its own words; empty where the bundle does not record it. */
  readonly ran: readonly RanOn[]
}

/** What a token of a rehearsal says of itself. */
export type RanOn = { readonly role: string } & NonNullable<Header['tokens'][number]['device']>

export const ranOn = ({ tokens }: Pick<Header, 'tokens'>): RanOn[] =>
  tokens.flatMap(({ role, device }) => (device === undefined ? [] : [{ role, ...device }]))

/**
 * The approval of a plan after a rehearsal. The rehearsal's bundle was verified without a policy, because stand-ins signed it under a
 * policy derived for that run alone. So it only has to be complete and consistent. Refuses REHEARSAL-REFUSED with the checks' names,
 * REHEARSAL-DOMAIN, REHEARSAL-PLAN.
 */
export function rehearsedPlan(
  { plan, hash }: { readonly plan: Plan; readonly hash: string },
  { verdict, failed, contents }: Pick<BundleVerdict, 'verdict' | 'failed' | 'contents'>,
): Promise<Outcome<RehearsedPlan>> {
  return checkedLater(async () => {
    if (verdict === 'refused' || contents === null)
      return no('REHEARSAL-REFUSED', failed.join(', '), 'bundle')
    const { predicate, digest } = contents
    if (predicate.domain !== 'rehearsal') no('REHEARSAL-DOMAIN', `it is of ${predicate.domain}`, 'bundle')
    const approval = { domain: 'production', planHash: hash, rehearsalDigest: digest } as const
    const ran = ranOn({ tokens: contents.header?.tokens ?? [] })
    if (predicate.planHash === hash)
      return { approval: { ...approval, diffDigest: null }, changes: [], before: null, ran }
    const bytes = await contents.read(predicate.planHash, maxPlanBytes)
    const before = bytes.ok ? readPlan(bytes.value) : null
    if (before === null || !before.ok)
      return no('REHEARSAL-PLAN', 'it holds no plan to compare with', 'bundle')
    const changes = diffPlans(before.plan, plan)
    const changed = diffDigest(before.hash, hash, changes)
    return { approval: { ...approval, diffDigest: changed }, changes, before: before.plan, ran }
  })
}

/** What each officer is asked to sign, with the plan's bytes to read; what it says beside them is shown as the workstation's own words. */
export function planApprovalRequest(
  { approval, changes, ran }: Pick<RehearsedPlan, 'approval' | 'changes' | 'ran'>,
  { bytes, title, warnings }: PlanToApprove,
): SignatureRequest {
  const remarks = [
    title,
    ...warnings.map(({ rule, detail }) => `warning, ${rule}: ${detail}`),
    ...ran.map(
      ({ role, maker, model, firmware }) => `rehearsed, ${role}: on ${maker}, ${model}, firmware ${firmware}`,
    ),
    ...(changes.length === 0 ? [] : ['changed since the rehearsal', ...changes.map(changeLine)]),
  ]
  return {
    v: 1,
    kind: 'signature-request',
    what: 'plan-approval',
    domain: 'production',
    subject: toBase64(planApprovalCodec.signedBytes(approval)),
    plan: toBase64(bytes),
    lines: remarks.map(oneLine),
  }
}

type PlanToApprove = {
  readonly bytes: Uint8Array
  readonly title: string
  readonly warnings: readonly { readonly rule: string; readonly detail: string }[]
}

/** One change between two plans, as people read it. */
export function changeLine({ path, before, after }: PlanChange): string {
  return `  ${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}`
}

/** Checks that an officer's answer approves this very plan and rehearsal. Refuses ANSWER-OTHER. */
export function checkPlanAnswer(
  approval: PlanApproval,
  { what, domain, subject, signature }: SignatureAnswer,
): Outcome<SignatureAnswer['signature']> {
  return checked(() => {
    const asked = sha256Hex(planApprovalCodec.signedBytes(approval))
    return what === 'plan-approval' && domain === 'production' && subject === asked
      ? signature
      : no('ANSWER-OTHER', 'it approves something else', 'answer')
  })
}

/**
 * Checks that a plan may be locked under this policy at `now`, ISO-8601 UTC. Refuses POLICY-DOMAIN, POLICY-EXPIRED, POLICY-OLDEST,
 * POLICY-DIGEST.
 */
export function checkLockable({ v, policy: named }: Plan, policy: Policy, now: string): Outcome<null> {
  return checked(() => {
    if (policy.domain !== 'production') no('POLICY-DOMAIN', `it is of ${policy.domain}`, 'policy')
    need(expired(policy, now) ?? { ok: true, value: null }, 'policy')
    need(checkRunVersion(policy, v), 'policy')
    return named === policyDigest(policy)
      ? null
      : no('POLICY-DIGEST', `the plan names the policy ${named}`, 'policy')
  })
}

/** Locks the plan, once as many officers approve as the policy asks for. Refuses PLAN-05. */
export function lockPlan(
  approval: PlanApproval,
  signatures: readonly SignatureAnswer['signature'][],
  policy: Policy,
): CheckedLock & { readonly bytes: Uint8Array } {
  const { planHash, rehearsalDigest, diffDigest: changed } = approval
  const { officers, officerQuorum } = policy
  const facts = { planHash, policyDigest: policyDigest(policy), rehearsalDigest, diffDigest: changed }
  const bytes = planLockCodec.encode({ ...facts, signatures: [...signatures] })
  const group = { role: 'officer', members: officers, quorum: officerQuorum }
  return { ...checkLock(bytes, { ...facts, officers: group }), bytes }
}

/** A remark may hold no hidden characters and at most 2000 in all. */
function oneLine(text: string): string {
  return withoutHidden(text, () => ' ').slice(0, 2000)
}
