import type { Plan, Step } from '../plan/plan.ts'
import { decryptionOf, isVoucher, keyOf, namesOf, stepsOf, tokenOf } from '../plan/queries.ts'
import { type PlanRefusal, planRefusal } from '../plan/rules.ts'
import { checkToken, endLints, stepLints } from '../steps/lint.ts'
import { type PlanProgress, type Refuse, type StepLint, startOf } from '../steps/plan-progress.ts'

/** Simulates the plan step by step, and says which step could not be done, and why. */
export function lintSteps(plan: Plan): PlanRefusal[] {
  const found: PlanRefusal[] = []
  const at = startOf(plan)
  const refuseAt =
    (step: string): Refuse =>
    (rule, detail) =>
      void found.push(planRefusal(rule, step, detail))
  for (const { step } of stepsOf(plan)) {
    const lint: StepLint = stepLints[step.do]
    const refuse = refuseAt(step.id)
    checkEntries(plan, step, lint, refuse)
    checkPlace(plan, step, lint, { at, refuse })
    lint.check?.(plan, step, at, refuse)
    if (at.ended.length > 0 && lint.ends !== true) refuse('PLAN-59', `${step.do} comes after seal`)
    lint.change?.(plan, step, at)
  }
  for (const lint of endLints) lint(plan, at, refuseAt(''))
  return found
}

function checkEntries(plan: Plan, step: Step, { uses = {} }: StepLint, refuse: Refuse): void {
  if (namesOf(plan, step.actor).length === 0) refuse('PLAN-13', `nobody is ${step.actor}`)
  const misused = (entry: string, fits: boolean) => {
    if (!fits) refuse('PLAN-60', `${step.do} does not use ${entry}`)
  }
  if (step.token !== undefined) misused('token', uses.token === true)
  if (step.key !== undefined) misused('key', uses.key !== undefined)
  if (step.holder !== undefined) misused('holder', uses.holder === true)
  if (step.custodian !== undefined) misused('custodian', uses.custodian === true)
  if (step.when !== undefined) misused('when', uses.when === true)
  if (step.by !== undefined)
    misused(`by: ${step.by}`, uses.by === (isVoucher(step.by) ? 'voucher' : 'person'))
  if (step.decryption !== undefined) misused('decryption', uses.decryption === true)
  if (uses.decryption === true && decryptionOf(plan, step.decryption) === undefined)
    refuse('PLAN-60', `${step.decryption ?? 'nothing'} is no decryption of the plan`)
  if (step.values !== undefined) misused('values', uses.values === true)
  const ids = (step.values ?? []).map((value) => value.id)
  if (new Set(ids).size !== ids.length) refuse('PLAN-60', 'a value is asked for twice')
  if (uses.key === true && keyOf(plan, step.key) === undefined)
    refuse(
      'PLAN-60',
      step.key === undefined ? `${step.do} names no key` : `${step.key} is no key of the plan`,
    )
  const holders = [...(plan.fhe?.holders ?? []), ...(plan.reshare?.holders ?? [])]
  if (step.holder !== undefined && !holders.includes(step.holder))
    refuse('PLAN-60', `${step.holder} holds no share of the plan`)
  const custodians = plan.keys.flatMap(({ backup }) => backup?.custodians ?? [])
  if (step.custodian !== undefined && !custodians.includes(step.custodian))
    refuse('PLAN-60', `${step.custodian} holds no share of a backup of the plan`)
  if (step.do === 'make-ceremony-key' && step.token !== undefined && step.token !== 'ceremony')
    refuse('PLAN-54', `the ceremony key is made on the token ${step.token}`)
}

function checkPlace(
  plan: Plan,
  step: Step,
  { uses = {}, opening }: StepLint,
  { at, refuse }: { at: PlanProgress; refuse: Refuse },
): void {
  if (uses.token === true) {
    if (tokenOf(plan, step) === undefined)
      refuse('PLAN-20', `no token has the role ${step.token ?? 'ceremony'}`)
    checkToken(plan, step, at, refuse)
  }
  if (opening === true && !at.opened) refuse('PLAN-55', `${step.do} comes before the opening`)
}
