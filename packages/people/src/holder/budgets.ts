import type { Policy } from '@lux/ceremony/policy'
import {
  type Budgets,
  type CarryInput,
  carriedBudgets,
  largestBudgets,
  parsePublic,
  type ShareEnvelope,
} from '@lux/crypto/fhe'
import { checked, need, type Outcome } from '../outcome.ts'
import { type Told, told } from '../told.ts'

/**
 * The budgets of a first dealing, in blocks for each holder: the largest that the flooding noise allows, capped by the policy. Refuses
 * FHE-FLOOD-FLOOR.
 */
export function dealtBudgets(
  { t, n, mode, squash }: { t: number; n: number; mode: 'S' | 'F'; squash: boolean },
  policy: Policy,
): Outcome<Budgets> {
  return checked(() => within(policy, need(largestBudgets({ t, n }, { mode, squash }))))
}

/** The old holders' remaining budgets, shared among the new ones and capped by the policy. */
export function carriedWithin(policy: Policy, input: CarryInput): Budgets {
  return within(policy, carriedBudgets(input))
}

/**
 * The budgets that a share of a first dealing must have under its policy. Null for later epochs, whose budgets only their ceremony knows.
 * Refuses FHE-FLOOD-FLOOR.
 */
export function policyBudgets(
  { share }: ShareEnvelope,
  pub: Uint8Array,
  policy: Policy,
): Outcome<Budgets | null> {
  const { t, n, epoch } = share.header
  if (epoch !== 0) return { ok: true, value: null }
  const mode = share.budgets.at64 > 0 ? 'F' : 'S'
  return checked(() => need(dealtBudgets({ t, n, mode, squash: parsePublic(pub).pub128.length > 0 }, policy)))
}

/** Blocks that a policy allows a share at most. */
export function allowedBy({ fhe: { budgets } }: Policy): Budgets {
  return { at64: budgets.k64, at128: budgets.k128 }
}

function within({ fhe: { budgets } }: Policy, { at64, at128 }: Budgets): Budgets {
  return { at64: Math.min(at64, budgets.k64), at128: Math.min(at128, budgets.k128) }
}

/** Blocks that a share may still answer, by width. */
export function blocksLeft({ share: { budgets } }: ShareEnvelope, spent: Budgets): Budgets {
  return {
    at64: Math.max(0, budgets.at64 - spent.at64),
    at128: Math.max(0, budgets.at128 - spent.at128),
  }
}

/** The line about the remaining budget that a holder reads. */
export const budgetLine = ({ at64, at128 }: Budgets): Told =>
  told('budget', `you have left ${at128} squashed blocks and ${at64} fresh ones`, { at64, at128 })
