import type { HolderPartial } from '../../src/sharing/combine.ts'
import {
  galoisRing,
  holderPoint,
  lagrangeCoefficients,
  type RingElement,
  type Width,
  ZERO,
} from '../../src/sharing/galois-ring.ts'

export type ReferenceResult =
  | { readonly found: true; readonly values: RingElement[]; readonly cheaters: number[] }
  | { readonly found: false }

/**
 * Slow and obviously right: every t answers give a polynomial; the truth is one that all but at most `errors` holders
 * are on, for every element. Found only when exactly one such set of polynomials exists.
 */
export function referenceCombine(
  width: Width,
  t: number,
  errors: number,
  partials: readonly HolderPartial[],
): ReferenceResult {
  const ring = galoisRing(width)
  const at = (base: readonly HolderPartial[], element: number, point: RingElement): RingElement => {
    const weights = lagrangeCoefficients(
      ring,
      base.map(({ holder }) => holder),
      point,
    )
    return base.reduce<RingElement>(
      (sum, { elements }, i) => ring.add(sum, ring.mul(weights[i]!, elements[element]!)),
      ZERO,
    )
  }
  const found = new Map<string, { values: RingElement[]; cheaters: number[] }>()
  for (const base of subsets(partials, t)) {
    const off = partials.filter(({ holder, elements }) =>
      elements.some((element, j) => String(at(base, j, holderPoint(holder))) !== String(element)),
    )
    if (off.length > errors) continue
    const values = base[0]!.elements.map((_, j) => at(base, j, ZERO))
    found.set(String(values), { values, cheaters: off.map(({ holder }) => holder) })
  }
  const [only, ...others] = found.values()
  return only && others.length === 0 ? { found: true, ...only } : { found: false }
}

export function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]]
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]))
}
