import { refuse } from '../verdict.ts'
import {
  galoisRing,
  holderPoint,
  lagrangeCoefficients,
  type RingElement,
  type Width,
  ZERO,
} from './galois-ring.ts'
import { accept, type Outcome } from './outcome.ts'
import { PACKED_BLOCKS } from './partial.ts'
import { checkQuorum, type Quorum } from './quorum.ts'

/** The partial of one holder: its packed elements, in the order of the blocks. */
export type HolderPartial = { readonly holder: number; readonly elements: readonly RingElement[] }

/** How much the agreement of the partials says. */
export type Combined = {
  /** body - <mask, s> + noise of every block, mod 2^K. */
  readonly phases: readonly bigint[]
  /** How many malicious holders the result is verified against: 0 at m = t, m-t, or t-1 (any quorum short of one). */
  readonly verified: number
  /** Holders whose partials are wrong; holds only if at most t-1 cheat. */
  readonly cheaters: readonly number[]
}

export type CombineInput = {
  readonly width: Width
  readonly quorum: Quorum
  readonly blockCount: number
  readonly partials: readonly HolderPartial[]
}

/**
 * Interpolates at 0 and checks every redundant partial. FHE-PARTIALS-FEW · FHE-HOLDER-DUPLICATE · FHE-HOLDER-RANGE ·
 * FHE-BLOCK-COUNT · FHE-INCONSISTENT (no value; the detail lists the suspects, unproven) and those of `checkQuorum`.
 */
export function combine({ width, quorum, blockCount, partials }: CombineInput): Outcome<Combined> {
  const checked = checkQuorum(quorum)
  if (!checked.ok) return checked
  const { t, n } = quorum
  const holders = partials.map(({ holder }) => holder)
  const stray = holders.find((h) => !Number.isInteger(h) || h < 1 || h > n)
  if (stray !== undefined) return refuse('FHE-HOLDER-RANGE', `holder ${stray} is not one of 1 to ${n}`)
  if (new Set(holders).size !== holders.length)
    return refuse('FHE-HOLDER-DUPLICATE', 'two partials of one holder')
  if (holders.length < t) return refuse('FHE-PARTIALS-FEW', `${holders.length} partials, ${t} are needed`)
  const size = Math.ceil(blockCount / PACKED_BLOCKS)
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
  const erasures = smallestErasures(sorted, {
    width,
    t,
    most: canCorrect ? t - 1 : Math.min(t - 1, m - t - 1),
  })
  const [first] = erasures
  if (!first) return inconsistent(holders)
  if (first.length > 0 && (!canCorrect || erasures.length > 1)) return inconsistent(erasures.flat())
  const kept = sorted.filter(({ holder }) => !first.includes(holder))
  const phases = interpolate(kept.slice(0, t), { width, blockCount })
  if (!phases) return inconsistent(m <= t + 1 ? holders : first)
  return accept({ phases, verified: Math.min(m - t, t - 1), cheaters: first })
}

function inconsistent(suspects: readonly number[]) {
  const named = [...new Set(suspects)].sort((a, b) => a - b)
  return refuse(
    'FHE-INCONSISTENT',
    named.length === 0
      ? 'the partials do not belong together'
      : `the partials disagree; suspects, unproven: ${named.join(', ')}`,
  )
}

/** All smallest sets of holders whose removal leaves one polynomial of degree t-1 through every element. */
function smallestErasures(
  partials: readonly HolderPartial[],
  { width, t, most }: { width: Width; t: number; most: number },
): number[][] {
  for (let size = 0; size <= Math.max(0, most); size++) {
    const fitting = choose(partials, size)
      .map((erased) => ({ erased, kept: partials.filter((p) => !erased.includes(p)) }))
      .filter(({ kept }) => agree(kept, width, t))
      .map(({ erased }) => erased.map(({ holder }) => holder))
    if (fitting.length > 0) return fitting
  }
  return []
}

function agree(partials: readonly HolderPartial[], width: Width, t: number): boolean {
  const ring = galoisRing(width)
  const base = partials.slice(0, t)
  const baseHolders = base.map(({ holder }) => holder)
  return partials.slice(t).every(({ holder, elements }) => {
    const weights = lagrangeCoefficients(ring, baseHolders, holderPoint(holder))
    return elements.every((element, at) => {
      const expected = weigh(ring, base, weights, at)
      return expected.every((c, i) => c === element[i])
    })
  })
}

function weigh(
  ring: ReturnType<typeof galoisRing>,
  base: readonly HolderPartial[],
  weights: readonly RingElement[],
  at: number,
): RingElement {
  return base.reduce<RingElement>((sum, { elements }, i) => {
    const element = elements[at]
    const weight = weights[i]
    if (!element || !weight) throw new RangeError('partials: of different lengths')
    return ring.add(sum, ring.mul(weight, element))
  }, ZERO)
}

/** Phases of the blocks, or null where a coefficient that carries no block is not 0. */
function interpolate(
  base: readonly HolderPartial[],
  { width, blockCount }: { width: Width; blockCount: number },
): bigint[] | null {
  const ring = galoisRing(width)
  const weights = lagrangeCoefficients(
    ring,
    base.map(({ holder }) => holder),
  )
  const phases: bigint[] = []
  for (let at = 0; at < Math.ceil(blockCount / PACKED_BLOCKS); at++) {
    const used = Math.min(PACKED_BLOCKS, blockCount - PACKED_BLOCKS * at)
    const element = weigh(ring, base, weights, at)
    if (element.slice(used).some((c) => c !== 0n)) return null
    phases.push(...element.slice(0, used))
  }
  return phases
}

function choose<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]]
  return items.flatMap((item, i) => choose(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]))
}
