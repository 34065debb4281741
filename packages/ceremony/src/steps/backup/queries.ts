import type { State, StepProgress } from '../../model/state.ts'
import type { Plan, Step } from '../../plan/plan.ts'

/** Names of the custodians that an acknowledge-custodian step waits for. */
export function custodiansOf(plan: Plan, step: Step): string[] {
  if (step.custodian !== undefined) return [step.custodian]
  return plan.keys.flatMap(({ backup }) => backup?.custodians ?? [])
}

/** Custodians who have not proved their shares, at such a step. */
export function missingCustodians(state: State, { step }: StepProgress): string[] {
  const proved = state.backups.flatMap(({ acknowledged }) => acknowledged)
  return custodiansOf(state.plan, step).filter((name) => !proved.includes(name))
}
