import { accept, type Outcome, refuse } from '../../outcome.ts'
import { BLOCK_FLOOR_BITS, budgetOf, safeFloodingBits } from '../../sharing/flooding.ts'
import type { Width } from '../../sharing/galois-ring.ts'
import type { Quorum } from '../../sharing/quorum.ts'
import type { Budgets } from '../files/share-file.ts'
import { canaryCost } from './canary-bounds.ts'

export type CarryInput = {
  readonly from: Quorum
  readonly to: Quorum
  /** What each old holder states is left, 1..n in order; null for one that is lost or silent. */
  readonly left: readonly (Budgets | null)[]
  readonly squash: boolean
}

/**
 * The budgets of every new holder, so that a key's whole life stays within its floor of bits however often it is reshared. A block answered
 * by one honest holder in one epoch costs 2^-bits. Of the old allowance at least what the n-t+1 holders with least remaining have is
 * unspent; any n'-t'+1 new ones share that. A silent holder counts as having spent all. The new epoch's canary, answered by everybody
 * outside the budget, is subtracted at its largest: 256 blocks at 128 bits. At 64 bits a fresh block of the compact public key hides less,
 * so it is 65536 of the blocks that budgets count. THRESHOLD-FHE sections 5 and 7.
 */
export function carriedBudgets({ from, to, left, squash }: CarryInput): Budgets {
  if (left.length !== from.n) throw new RangeError(`left: expected ${from.n} holders, got ${left.length}`)
  const carry = (width: Width, blocks: readonly number[]): number => {
    const bits = safeFloodingBits(to, width)
    const largest = budgetOf(to, width)
    if (bits < BLOCK_FLOOR_BITS || !largest.ok) return 0
    const unspent = [...blocks].sort((a, b) => a - b).slice(0, from.n - from.t + 1)
    const blocksLeft =
      unspent.reduce((sum, one) => sum + one, 0) * 2 ** (bits - safeFloodingBits(from, width))
    const shared = Math.min(largest.value, Math.floor(blocksLeft / (to.n - to.t + 1)))
    return Math.max(0, shared - canaryCost(to, width))
  }
  return {
    at64: carry(
      64,
      left.map((one) => one?.at64 ?? 0),
    ),
    at128: squash
      ? carry(
          128,
          left.map((one) => one?.at128 ?? 0),
        )
      : 0,
  }
}

/** What a key answers: mode S squashed blocks, mode F fresh ones. */
type KeyMode = 'S' | 'F'

/**
 * Checks that a new epoch's shares can answer something in the key's mode; `budgets` in blocks. Nobody can go back once the old shares are
 * gone, so an epoch that answers nothing would take the key with it. Refuses FHE-FLOOD-FLOOR where a quorum hides fresh blocks by less than
 * 40 bits · FHE-BUDGET-NONE where no block is carried. THRESHOLD-FHE section 7.
 */
export function checkCarried(to: Quorum, { at64, at128 }: Budgets, mode: KeyMode): Outcome<null> {
  const width = mode === 'F' ? 64 : 128
  const largest = budgetOf(to, width)
  if (!largest.ok) return largest
  if ((mode === 'F' ? at64 : at128) > 0) return accept(null)
  return refuse(
    'FHE-BUDGET-NONE',
    `nothing is left of the key’s life for ${to.t} of ${to.n} new holders: they could answer no block of ${width} bits`,
  )
}
