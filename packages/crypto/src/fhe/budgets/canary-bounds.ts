import {
  BLOCK_FLOOR_BITS,
  blockBitsOf,
  blockBudget,
  lifeBits,
  type NoiseSource,
  safeFloodingBits,
} from '../../sharing/flooding.ts'
import type { Width } from '../../sharing/galois-ring.ts'
import type { Quorum } from '../../sharing/quorum.ts'
import type { Budgets } from '../files/share-file.ts'
import type { VerifiedShare } from '../shares/verify-share.ts'

/** The program name of a canary. No policy approves such a program, so evaluator and encryptor vouch for it by this name. */
export const CANARY_PROGRAM = 'canary'

/**
 * How many distinct blocks of each width a canary needs, each with its own mask. A correction that is wrong by 2^(K-1) in one word shows
 * where the mask's word is odd, in half of an honest evaluator's masks. So 64 blocks miss it once in 2^64.
 */
export const CANARY_LEAST_BLOCKS: Readonly<Record<Width, number>> = { 64: 128, 128: 64 }
/** And at most these: far fewer than the 2048 equations that a key has unknowns. */
export const CANARY_MOST_BLOCKS = 256

/** Once a key is dealt nobody has the client key, so what is fresh is of the compact public key. */
export function canarySource(width: Width): NoiseSource {
  return width === 128 ? 'squashing' : 'public-key'
}

/**
 * What a canary costs of the key's life, in blocks of the noise that budgets count. One block of the compact public key costs as much as
 * 2^8 of the client key. THRESHOLD-FHE section 7.
 */
export function canaryCost(quorum: Quorum, width: Width, blocks = CANARY_MOST_BLOCKS): number {
  return costOf(quorum, width, { source: canarySource(width), blocks })
}

/**
 * What the canary of a failed epoch costs, in blocks of the epoch that stays, rounded up: its answers were given. `to`: the quorum of the
 * failed epoch. THRESHOLD-FHE section 7.
 */
export function triedCanaryCost(from: Quorum, to: Quorum, width: Width): number {
  const scale = 2 ** (safeFloodingBits(from, width) - safeFloodingBits(to, width))
  return Math.ceil((canaryCost(to, width) * scale * (to.n - to.t + 1)) / (from.n - from.t + 1))
}

function costOf(quorum: Quorum, width: Width, { source, blocks }: CanaryBlocks): number {
  return blocks * 2 ** (safeFloodingBits(quorum, width) - blockBitsOf(quorum, source))
}

type CanaryBlocks = { readonly source: NoiseSource; readonly blocks: number }

/** As in `PartialDecryption`. The floor is a rule for requests; a canary is told by how much it misses it. */
export type CanaryNoise = {
  readonly source: NoiseSource
  readonly blockBits: number
  readonly floorBits: number
  readonly belowFloor: boolean
  /** What is left of the key's life, this canary counted, which every carried budget is less by. */
  readonly lifeBits: number
}

/**
 * An estimate of the blocks that holders spent in earlier epochs: the largest budget that this quorum's noise leaves and the policy allows
 * now, less the carried one. It bounds neither side. More was spent where a cap was lowered since, or the quorum was another. Less was
 * spent where silent holders count as having spent all, or a cap that was raised since withheld blocks. No share says which. The budget
 * itself keeps the 20 bits.
 */
export function spentEarlier(
  { share: { header, budgets } }: Pick<VerifiedShare, 'share'>,
  width: Width,
  allowed?: Budgets,
): number {
  const of = (two: Budgets) => (width === 64 ? two.at64 : two.at128)
  const most = allowed === undefined ? Number.POSITIVE_INFINITY : of(allowed)
  const largest = Math.min(most, blockBudget(header, safeFloodingBits(header, width)))
  return Math.max(0, largest - of(budgets))
}

/** How well the answer to a canary of such blocks hides the share; `allowed` as in `spentEarlier`. */
export function canaryNoise(
  { share, pub }: VerifiedShare,
  width: Width,
  canary: CanaryBlocks,
  allowed?: Budgets,
): CanaryNoise {
  const { header, budgets } = share
  const nominal = safeFloodingBits(header, width)
  const blockBits = blockBitsOf(header, canary.source)
  // In mode S nothing but canaries is answered at 64 bits: no budget there does not mean that one was spent.
  const unused = width === 64 && budgets.at64 === 0 && pub.pub128.length > 0
  const earlier = unused ? 0 : spentEarlier({ share }, width, allowed)
  const counted = Math.max(earlier, costOf(header, width, canary))
  return {
    source: canary.source,
    blockBits,
    floorBits: BLOCK_FLOOR_BITS,
    belowFloor: blockBits < BLOCK_FLOOR_BITS,
    lifeBits: lifeBits(nominal, counted * (header.n - header.t + 1)),
  }
}
