import type { Policy } from '@lux/ceremony/policy'
import { type Budgets, type CarryInput, carriedBudgets, checkCarried, largestBudgets } from '@lux/crypto/fhe'
import { CoreError } from '@lux/node-files'
import type { RunFolder } from './run-folder.ts'

/**
 * Blocks that each holder of a first dealing may answer: the largest that the flooding allows, and no more than the policy
 * does. Errors: FHE-FLOOD-FLOOR.
 */
export function dealtBudgets(
  { t, n, mode, squash }: { t: number; n: number; mode: 'S' | 'F'; squash: boolean },
  policy: Policy,
): Budgets {
  const largest = largestBudgets({ t, n }, { mode, squash })
  if (!largest.ok)
    throw new CoreError(largest.rule, largest.detail, 'change the quorum, the holders or the mode')
  return within(policy, largest.value)
}

/**
 * What the old holders say is left, shared among the new ones, and no more than the policy allows. Only who let the key move
 * counts: the others may still answer in the old epoch. Errors: FHE-BUDGET-NONE, FHE-FLOOD-FLOOR.
 */
export function nextBudgets({ state, plan, policy }: RunFolder): Budgets {
  const { reshare, budgets } = state
  if (!reshare || !plan.reshare || !plan.fhe)
    throw new CoreError('STAND-IN-ONLY', 'there is no next epoch yet')
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
  if (!checked.ok) throw new CoreError(checked.rule, checked.detail)
  return carried
}

/** The same for whoever has only the old holders' approvals and the policy: a new holder by itself. */
export function carriedWithin(policy: Policy, input: CarryInput): Budgets {
  return within(policy, carriedBudgets(input))
}

/** What a share of an epoch of this run must say; null where only an earlier ceremony knows. */
export function agreedBudgets(folder: RunFolder, epochId: string): Budgets | null {
  const { state, plan, policy } = folder
  if (state.reshare?.next?.epochId === epochId) return nextBudgets(folder)
  const epoch = state.reshare?.old.epochId === epochId ? state.reshare.old : state.epoch
  if (epoch?.epochId !== epochId || epoch.epoch !== 0 || plan.fhe === undefined) return null
  const { mode, squash } = plan.fhe
  return dealtBudgets({ t: epoch.t, n: epoch.n, mode, squash }, policy.policy)
}

/** Blocks that a policy allows a share at most. */
export function allowedBy({ fhe: { budgets } }: Policy): Budgets {
  return { at64: budgets.k64, at128: budgets.k128 }
}

function within({ fhe: { budgets } }: Policy, { at64, at128 }: Budgets): Budgets {
  return { at64: Math.min(at64, budgets.k64), at128: Math.min(at128, budgets.k128) }
}
