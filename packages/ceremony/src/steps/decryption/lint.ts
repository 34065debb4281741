import type { Plan, Step, StepKind } from '../../plan/plan.ts'
import { decryptionOf, namesOf, repeated } from '../../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../../plan/rules.ts'
import { sharesKnown } from '../dealing/lint.ts'
import type { PlanProgress, Refuse, StepLint } from '../plan-progress.ts'
import { allProved } from '../resharing/lint.ts'

/** Steps about one decryption, in the order in which they come. */
const ofDecryption: readonly StepKind[] = ['take-request', 'approve-request', 'answer-request', 'take-result']

/** PLAN-41: the decryptions by themselves. */
export function lintDecryptions(plan: Plan): PlanRefusal[] {
  const { fhe } = plan
  if (fhe === undefined)
    return (plan.decryptions ?? []).map(({ id }) =>
      planRefusal('PLAN-41', '', `${id}: the plan has no fhe section`),
    )
  const found: PlanRefusal[] = []
  const refuse = (detail: string) => found.push(planRefusal('PLAN-41', '', detail))
  const all = plan.decryptions ?? []
  for (const id of repeated(all.map((one) => one.id))) refuse(`the decryption ${id} is listed twice`)
  const open = all.filter((one) => one.canary !== true)
  if (open.length > 0 && namesOf(plan, 'approver').length === 0) refuse('nobody is approver')
  for (const { id, answers } of open) {
    // After the next epoch is live its own quorum counts; the smaller of both is what can be said here.
    const least = Math.min(fhe.t, plan.reshare?.t ?? fhe.t)
    const most = Math.max(fhe.n, plan.reshare?.n ?? fhe.n)
    if (answers < least || answers > most)
      refuse(`${id}: ${answers} answers, ${least} to ${most} are possible`)
  }
  for (const { id, answers } of all.filter((one) => one.canary === true))
    if (answers !== plan.reshare?.n) refuse(`${id}: a canary is answered by all holders of the next epoch`)
  return found
}

function checkDecryption(plan: Plan, step: Step, at: PlanProgress, refuse: Refuse): void {
  const decryption = decryptionOf(plan, step.decryption)
  if (decryption === undefined) return
  const done = at.fhe.decryptions.get(decryption.id) ?? []
  const wanted = ofDecryption.filter((kind) => kind !== 'approve-request' || decryption.canary !== true)
  const next = wanted[done.length]
  if (next !== step.do)
    refuse('PLAN-62', `${step.do} of ${decryption.id} stands where ${next ?? 'nothing'} belongs`)
  // From the approvals on no old share answers (HOLDER-LEAVING), and no new one before its epoch is live.
  if (decryption.canary === true) {
    const other = [...at.fhe.decryptions].some(
      ([id, steps]) => id !== decryption.id && steps.length > 0 && decryptionOf(plan, id)?.canary === true,
    )
    if (other) refuse('PLAN-62', `the canary ${decryption.id} is the second of its epoch`)
    if (!allProved(plan, at) || at.fhe.live)
      refuse(
        'PLAN-62',
        `the canary ${decryption.id} is tried once every new holder proved the share, before the epoch is live`,
      )
  } else if (at.fhe.approved && !at.fhe.live) refuse('PLAN-62', `${decryption.id} stands between two epochs`)
}

const ofOne = {
  uses: { decryption: true },
  opening: true,
  check(plan, step, at, refuse) {
    if (!sharesKnown(plan, at)) refuse('PLAN-57', `${step.do} comes before every holder has a share`)
    checkDecryption(plan, step, at, refuse)
  },
  change(plan, step, at) {
    if (step.decryption !== undefined) at.fhe.decryptions.get(step.decryption)?.push(step.do)
    const canary = decryptionOf(plan, step.decryption)?.canary === true
    if (step.do === 'take-result' && canary) at.fhe.canary = true
  },
} satisfies StepLint

export const lints = {
  'take-request': ofOne,
  'approve-request': ofOne,
  'answer-request': ofOne,
  'take-result': ofOne,
} satisfies Record<'take-request' | 'approve-request' | 'answer-request' | 'take-result', StepLint>

export function untaken(_plan: Plan, at: PlanProgress, refuse: Refuse): void {
  for (const [id, done] of at.fhe.decryptions)
    if (done.at(-1) !== 'take-result') refuse('PLAN-62', `no step takes the result of ${id}`)
}
