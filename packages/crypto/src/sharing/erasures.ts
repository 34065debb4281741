import {
  type GaloisRing,
  galoisRing,
  holderPoint,
  lagrangeCoefficients,
  ONE,
  type RingElement,
  type Width,
  ZERO,
} from './galois-ring.ts'
import type { HolderPartial } from './partial.ts'

/**
 * All smallest sets of at most `most` holders whose removal leaves one polynomial of degree t-1 through every element.
 * By erasure, not by a key equation: Gao's and Berlekamp and Welch's decoders divide by what an error of 2^(K-1) makes a
 * zero divisor. A set is tried on the syndromes of those elements alone that have refuted one before, then on all. With
 * 3t-2 answers and at most t-1 cheaters every such element has a cheater whom those before it had not, so all elements are
 * gone through at most t times, wherever the wrong ones stand. At most C(15,7) sets of a size.
 */
export function findErasures(
  partials: readonly HolderPartial[],
  { width, t, most }: { width: Width; t: number; most: number },
): number[][] {
  const ring = galoisRing(width)
  const points = partials.map(({ holder }) => holderPoint(holder))
  const refuting: RingElement[][] = []
  for (let size = 0; size <= most; size++) {
    const fitting: number[][] = []
    for (const { erased, locator } of locators(ring, points, size)) {
      const refuted = refuting.findIndex((one) => !fits(ring, locator, one))
      if (refuted >= 0) {
        refuting.unshift(...refuting.splice(refuted, 1))
        continue
      }
      const off = firstOff(
        ring,
        partials.filter((_, i) => !erased.includes(i)),
        t,
      )
      if (off === null) fitting.push(erased.map((i) => partials[i]?.holder ?? 0))
      else refuting.unshift(syndromes(ring, partials, points, t, off))
    }
    if (fitting.length > 0) return fitting
  }
  return []
}

/** The first element, by holder, that is not on the polynomial of the first t; null when all are. */
function firstOff(ring: GaloisRing, partials: readonly HolderPartial[], t: number): number | null {
  const base = partials.slice(0, t)
  const baseHolders = base.map(({ holder }) => holder)
  for (const { holder, elements } of partials.slice(t)) {
    const weights = lagrangeCoefficients(ring, baseHolders, holderPoint(holder))
    const off = elements.findIndex((element, at) => {
      const expected = interpolateAt(ring, base, weights, at)
      return expected.some((c, i) => c !== element[i])
    })
    if (off >= 0) return off
  }
  return null
}

/**
 * The m-t sums of v_i alpha_i^l y_i over all holders, v_i = 1 / product of alpha_i - alpha_j: all 0 exactly for a
 * polynomial of degree t-1, since these are the checks of its code.
 */
function syndromes(
  ring: GaloisRing,
  partials: readonly HolderPartial[],
  points: readonly RingElement[],
  t: number,
  at: number,
): RingElement[] {
  const sums = Array.from({ length: partials.length - t }, () => ZERO)
  for (const [i, { elements }] of partials.entries()) {
    const element = elements[at]
    const own = points[i]
    if (!element || !own) throw new RangeError('partials: of different lengths')
    const others = points.filter((_, j) => j !== i)
    const product = others.reduce((all, other) => ring.mul(all, ring.sub(own, other)), ONE)
    let term = ring.mul(ring.inverse(product), element)
    for (const [l, sum] of sums.entries()) {
      sums[l] = ring.add(sum, term)
      term = ring.mul(term, own)
    }
  }
  return sums
}

/**
 * Whether the holders that are not erased are on one polynomial: their own checks are those of all, with v_i times the
 * locator's value at alpha_i, which is 0 for the erased.
 */
function fits(ring: GaloisRing, locator: readonly RingElement[], sums: readonly RingElement[]): boolean {
  for (let l = 0; l + locator.length <= sums.length; l++) {
    let check = ZERO
    for (const [k, coefficient] of locator.entries()) {
      check = ring.add(check, ring.mul(coefficient, sums[l + k] ?? ZERO))
    }
    if (check.some((c) => c !== 0n)) return false
  }
  return true
}

/** Sum of weight times element number `at` of each holder. */
export function interpolateAt(
  ring: GaloisRing,
  base: readonly HolderPartial[],
  weights: readonly RingElement[],
  at: number,
): RingElement {
  let sum = ZERO
  for (const [i, { elements }] of base.entries()) {
    const element = elements[at]
    const weight = weights[i]
    if (!element || !weight) throw new RangeError('partials: of different lengths')
    sum = ring.add(sum, ring.mul(weight, element))
  }
  return sum
}

type Located = {
  /** Places in the list of points. */
  readonly erased: readonly number[]
  /** Product of X - alpha over them, lowest coefficient first. */
  readonly locator: readonly RingElement[]
}

/** Every choice of `size` points, in their order. */
function* locators(
  ring: GaloisRing,
  points: readonly RingElement[],
  size: number,
  { erased, locator }: Located = { erased: [], locator: [ONE] },
): Generator<Located> {
  if (size === 0) {
    yield { erased, locator }
    return
  }
  for (let i = (erased.at(-1) ?? -1) + 1; i < points.length; i++) {
    const minus = ring.sub(ZERO, points[i] ?? ZERO)
    const longer = [ZERO, ...locator].map((c, k) => ring.add(c, ring.mul(minus, locator[k] ?? ZERO)))
    yield* locators(ring, points, size - 1, { erased: [...erased, i], locator: longer })
  }
}
