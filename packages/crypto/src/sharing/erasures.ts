import type { HolderPartial } from './combine.ts'
import {
  type GaloisRing,
  galoisRing,
  holderPoint,
  lagrangeCoefficients,
  type RingElement,
  type Width,
  ZERO,
} from './galois-ring.ts'

/**
 * All smallest sets of at most `most` holders whose removal leaves one polynomial of degree t-1 through every element.
 * By erasure, not by a key equation: Gao's and Berlekamp and Welch's decoders divide by what an error of 2^(K-1) makes a
 * zero divisor. At most C(15,6) sets; a wrong one falls at its first element.
 */
export function findErasures(
  partials: readonly HolderPartial[],
  { width, t, most }: { width: Width; t: number; most: number },
): number[][] {
  const ring = galoisRing(width)
  for (let size = 0; size <= most; size++) {
    const fitting: number[][] = []
    for (const erased of choose(partials, size)) {
      const kept = partials.filter((partial) => !erased.includes(partial))
      if (agree(ring, kept, t)) fitting.push(erased.map(({ holder }) => holder))
    }
    if (fitting.length > 0) return fitting
  }
  return []
}

function agree(ring: GaloisRing, partials: readonly HolderPartial[], t: number): boolean {
  const base = partials.slice(0, t)
  const baseHolders = base.map(({ holder }) => holder)
  return partials.slice(t).every(({ holder, elements }) => {
    const weights = lagrangeCoefficients(ring, baseHolders, holderPoint(holder))
    return elements.every((element, at) => {
      const expected = interpolateAt(ring, base, weights, at)
      return expected.every((c, i) => c === element[i])
    })
  })
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

function* choose<T>(items: readonly T[], size: number): Generator<T[]> {
  if (size === 0) yield []
  else {
    for (const [i, item] of items.entries()) {
      for (const rest of choose(items.slice(i + 1), size - 1)) yield [item, ...rest]
    }
  }
}
