import type { Policy } from '@lux/ceremony/policy'
import { type Budgets, checkCarried } from '@lux/crypto/fhe'
import { ExpectedError } from '@lux/node-files'
import { dealtBudgets as budgetsOfDealing, carriedWithin } from '@lux/people'
import type { RunFolder } from './run-folder.ts'

/** Blocks that each holder of a first dealing may answer. Errors: FHE-FLOOD-FLOOR. */
export function dealtBudgets(terms: Parameters<typeof budgetsOfDealing>[0], policy: Policy): Budgets {
  const dealt = budgetsOfDealing(terms, policy)
  if (dealt.ok) return dealt.value
  throw new ExpectedError(dealt.rule, dealt.detail)
}

/**
 * What the old holders say is left, shared among the new ones, and no more than the policy allows. Only who let the key move
 * counts: the others may still answer in the old epoch. Errors: FHE-BUDGET-NONE, FHE-FLOOD-FLOOR.
 */
export function nextBudgets({ state, plan, policy }: RunFolder): Budgets {
  const { reshare, budgets } = state
  if (!reshare || !plan.reshare || !plan.fhe)
    throw new ExpectedError('STAND-IN-ONLY', 'there is no next epoch yet')
  const { old, approvedBy } = reshare
  const { mode, squash } = plan.fhe
  const left = old.holders.map((name) =>
    approvedBy.some((one) => one.name === name)
      ? (budgets.find((one) => one.epochId === old.epochId && one.name === name)?.left ?? null)
      : null,
  )
  const to = { t: plan.reshare.t, n: plan.reshare.n }
  const carried = carriedWithin(policy.policy, { from: old, to, left, squash })
  const checked = checkCarried(to, carried, mode)
  if (!checked.ok) throw new ExpectedError(checked.rule, checked.detail)
  return carried
}
