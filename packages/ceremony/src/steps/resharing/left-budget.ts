import { carriedBudgets, checkCarried } from '@lux/crypto/fhe'
import type { State } from '../../model/state.ts'
import { leftOf } from '../signers.ts'
import { currentStep, stageOf } from '../stages.ts'
import { plannedReshare } from './queries.ts'

/**
 * Holders of the old epoch who may still say what is left of their budgets: at the step that asks for it and, once t have, until
 * somebody goes on to assemble the epoch. Who says nothing counts as having spent all.
 */
export function unstated(state: State): string[] {
  const progress = currentStep(state)
  const stage = progress === null ? null : (stageOf(progress)?.kind ?? null)
  const { reshare } = state
  const said = reshare?.approvedBy ?? []
  const late = reshare !== null && reshare.next === null && said.length >= reshare.old.t
  const open = stage === 'epoch-approvals' || (late && (stage === 'redeals' || stage === 'confirm'))
  if (!open) return []
  const holders = reshare?.old.holders ?? state.epoch?.holders ?? []
  return holders.filter((name) => !said.some((one) => one.name === name))
}

/**
 * How much of equal budgets is carried on by those who have spoken: of the n-t+1 holders with least left, t-1 are reckoned to have
 * completed every quorum, and each silent one has nothing. Null where nobody is asked.
 */
export function carriedParts(state: State): { carried: number; whole: number } | null {
  const silent = unstated(state).length
  const old = state.reshare?.old ?? state.epoch
  if (silent === 0 || old === null) return null
  const whole = old.n - old.t + 1
  return { carried: Math.max(0, whole - silent), whole }
}

/** Why the next epoch must not be assembled on what the old holders have said, or null: its shares could answer nothing. */
export function budgetFault(state: State): { rule: 'EPOCH-02'; detail: string } | null {
  const { reshare } = state
  const { fhe } = state.plan
  if (reshare === null || fhe === undefined) return null
  const { old, approvedBy } = reshare
  const { t, n } = plannedReshare(state)
  const left = old.holders.map((name) =>
    approvedBy.some((one) => one.name === name) ? leftOf(state, old, name) : null,
  )
  const carried = carriedBudgets({ from: old, to: { t, n }, left, squash: fhe.squash })
  const checked = checkCarried({ t, n }, carried, fhe.mode)
  if (checked.ok) return null
  const heard = `${approvedBy.length} of ${old.n} present holders have said what is left`
  return { rule: 'EPOCH-02', detail: `${checked.detail}; ${heard}` }
}
