import type { Width } from '../../src/sharing/galois-ring.ts'
import type { HolderPartial } from '../../src/sharing/partial.ts'
import { pointOf, polynomialThrough, valueAt } from './ring-reference.ts'

export type ReferenceResult =
  | { readonly found: true; readonly values: bigint[][]; readonly cheaters: number[] }
  | { readonly found: false }

/**
 * Slow and obviously right: every t answers give a polynomial; the truth is one that all but at most `errors` holders
 * are on, for every element. Found only when exactly one such set of polynomials exists. Nothing of it is of src.
 */
export function referenceCombine(
  width: Width,
  t: number,
  errors: number,
  partials: readonly HolderPartial[],
): ReferenceResult {
  const found = new Map<string, { values: bigint[][]; cheaters: number[] }>()
  for (const base of subsets(partials, t)) {
    const polynomials = base[0]!.elements.map((_, j) =>
      polynomialThrough(
        width,
        base.map(({ holder }) => holder),
        base.map(({ elements }) => elements[j]!),
      ),
    )
    const off = partials.filter(({ holder, elements }) =>
      elements.some((element, j) => `${valueAt(width, polynomials[j]!, pointOf(holder))}` !== `${element}`),
    )
    if (off.length > errors) continue
    const values = polynomials.map((coefficients) => coefficients[0]!)
    found.set(String(values), { values, cheaters: off.map(({ holder }) => holder) })
  }
  const [only, ...others] = found.values()
  return only && others.length === 0 ? { found: true, ...only } : { found: false }
}

export function subsets<T>(items: readonly T[], size: number): T[][] {
  if (size === 0) return [[]]
  return items.flatMap((item, i) => subsets(items.slice(i + 1), size - 1).map((rest) => [item, ...rest]))
}
