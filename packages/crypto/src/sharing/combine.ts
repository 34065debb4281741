import { accept, type Outcome, refuse } from '../outcome.ts'
import { findErasures, interpolateAt } from './erasures.ts'
import { galoisRing, lagrangeCoefficients, type Width } from './galois-ring.ts'
import { PACKED_BLOCKS } from './kernel.ts'
import type { HolderPartial } from './partial.ts'
import { checkQuorum, type Quorum } from './quorum.ts'

/** How much the agreement of the partials says. */
export type Combined = {
  /** body - <mask, s> + noise of every block, mod 2^K, of each ciphertext. */
  readonly phases: readonly (readonly bigint[])[]
  /** How many malicious holders the result is verified against: 0 at m = t, m-t, or t-1 (any quorum short of one). */
  readonly verified: number
  /** Holders whose partials are wrong; holds only if at most t-1 cheat. */
  readonly cheaters: readonly number[]
  /** What may be said of the result, in these words and no stronger ones. */
  readonly claim: string
}

type CombineInput = {
  readonly width: Width
  readonly quorum: Quorum
  /** Blocks of each ciphertext: no ring element spans two of them. */
  readonly blockCounts: readonly number[]
  readonly partials: readonly HolderPartial[]
}

/**
 * Interpolates at 0 and checks every redundant partial, one set of wrong holders for all elements at once.
 * FHE-PARTIALS-FEW · FHE-HOLDER-DUPLICATE · FHE-HOLDER-RANGE · FHE-BLOCK-COUNT · FHE-INCONSISTENT (no value; the detail
 * lists the suspects, unproven) and those of `checkQuorum`. THRESHOLD-FHE section 4.
 */
export function combine({ width, quorum, blockCounts, partials }: CombineInput): Outcome<Combined> {
  const checked = checkQuorum(quorum)
  if (!checked.ok) return checked
  const { t, n } = quorum
  const holders = partials.map(({ holder }) => holder)
  const stray = holders.find((h) => !Number.isInteger(h) || h < 1 || h > n)
  if (stray !== undefined) return refuse('FHE-HOLDER-RANGE', `holder ${stray} is not one of 1 to ${n}`)
  const doubled = holders.find((holder, i) => holders.indexOf(holder) !== i)
  if (doubled !== undefined) return refuse('FHE-HOLDER-DUPLICATE', `two partials of holder ${doubled}`)
  if (holders.length < t) return refuse('FHE-PARTIALS-FEW', `partials: ${holders.length} given, ${t} needed`)
  const size = blockCounts.reduce((sum, count) => sum + Math.ceil(count / PACKED_BLOCKS), 0)
  const wrong = partials.find(({ elements }) => elements.length !== size)
  if (wrong) {
    return refuse(
      'FHE-BLOCK-COUNT',
      `holder ${wrong.holder} answers ${wrong.elements.length} elements, expected ${size}`,
    )
  }
  const sorted = [...partials].sort((a, b) => a.holder - b.holder)
  const m = sorted.length
  // Below 3t-2 partials an erasure set proves nothing, so it is looked for only to name suspects.
  const canCorrect = m >= 3 * t - 2
  const most = canCorrect ? t - 1 : Math.max(0, Math.min(t - 1, m - t - 1))
  const erasures = findErasures(sorted, { width, t, most })
  const [first] = erasures
  if (!first) return inconsistent(holders)
  if (first.length > 0 && (!canCorrect || erasures.length > 1)) return inconsistent(erasures.flat())
  const kept = sorted.filter(({ holder }) => !first.includes(holder))
  const phases = interpolate(kept.slice(0, t), { width, blockCounts })
  // Only a shift that all share, or a bare quorum of mixed shares, gets here: nobody in particular is suspect.
  if (!phases) return inconsistent(m <= t + 1 || first.length === 0 ? holders : first)
  return accept({
    phases,
    verified: Math.min(m - t, t - 1),
    cheaters: first,
    claim: claimOf({ t, m, cheaters: first }),
  })
}

function claimOf({ t, m, cheaters }: { t: number; m: number; cheaters: readonly number[] }): string {
  if (cheaters.length > 0) {
    return `corrected; holders ${cheaters.join(', ')} answered wrongly, which holds if at most ${t - 1} cheat`
  }
  if (m === t) return 'not verified against a malicious holder'
  return m >= 2 * t - 1 ? `verified against any ${t - 1}` : `verified against ${m - t}`
}

function inconsistent(suspects: readonly number[]) {
  const named = [...new Set(suspects)].sort((a, b) => a - b)
  return refuse('FHE-INCONSISTENT', `inconsistent, no value; suspects, unproven: ${named.join(', ')}`)
}

/** Phases of the blocks of each ciphertext, or null where a coefficient that carries no block is not 0. */
function interpolate(
  base: readonly HolderPartial[],
  { width, blockCounts }: { width: Width; blockCounts: readonly number[] },
): bigint[][] | null {
  const ring = galoisRing(width)
  const weights = lagrangeCoefficients(
    ring,
    base.map(({ holder }) => holder),
  )
  const all: bigint[][] = []
  let at = 0
  for (const count of blockCounts) {
    const phases: bigint[] = []
    for (let left = count; left > 0; left -= PACKED_BLOCKS, at++) {
      const used = Math.min(PACKED_BLOCKS, left)
      const element = interpolateAt(ring, base, weights, at)
      if (element.slice(used).some((c) => c !== 0n)) return null
      phases.push(...element.slice(0, used))
    }
    all.push(phases)
  }
  return all
}
