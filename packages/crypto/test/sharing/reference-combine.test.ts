import fc from 'fast-check'
import { expect, test } from 'vitest'
import { combine } from '../../src/sharing/combine.ts'
import type { RingElement } from '../../src/sharing/galois-ring.ts'
import type { HolderPartial } from '../../src/sharing/partial.ts'
import { referenceCombine } from './reference-combine.ts'
import { type Element, pointOf, polynomialThrough, sum, valueAt } from './ring-reference.ts'

const word = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 1n, 1n << 63n, 1n << 32n, 2n ** 64n - 1n),
)
const element: fc.Arbitrary<RingElement> = fc.tuple(word, word, word, word)

const plenty: [number, number][] = [
  [2, 4],
  [2, 5],
  [3, 7],
  [3, 8],
  [4, 10],
]
/** From 2t answers up to where correcting begins. */
const between: [number, number][] = [
  [3, 6],
  [4, 8],
  [4, 9],
]
const few: [number, number][] = [
  [2, 2],
  [2, 3],
  [3, 3],
  [3, 5],
  [4, 7],
]

/**
 * Answers of chosen holders on random polynomials with no coefficient X^3 at 0. Some are changed at will; or the first
 * few collude: they add one polynomial that is 0 at as many honest holders as it can be, so that these agree with them.
 */
const cases = fc.constantFrom(...few, ...between, ...between, ...plenty).chain(([t, m]) =>
  fc.record({
    t: fc.constant(t),
    m: fc.constant(m),
    first: fc.constantFrom(0, 15 - m),
    polynomials: fc.array(fc.array(element, { minLength: t, maxLength: t }), { minLength: 2, maxLength: 2 }),
    errors: fc.array(fc.tuple(fc.nat(m - 1), fc.nat(1), element), { maxLength: t }),
    colluders: fc.nat(t - 1),
    shift: element,
  }),
)

const four = ([a = 0n, b = 0n, c = 0n, d = 0n]: Element): RingElement => [a, b, c, d]

test('combine says what an independent, slow reference says, whatever t-1 or fewer holders changed, and never more', () => {
  const corrected = { between: 0, plenty: 0 }
  const refused = { between: 0, plenty: 0 }
  fc.assert(
    fc.property(cases, ({ t, m, first, polynomials, errors, colluders, shift }) => {
      const values = polynomials.map(([[a, b, c] = [0n, 0n, 0n, 0n], ...rest]): RingElement[] => [
        [a, b, c, 0n],
        ...rest,
      ])
      const honest = Array.from({ length: t - 1 }, (_, i) => first + m - i)
      // Whose point is 0: the shift itself, with nothing in the coefficient that is checked.
      const zeros = honest.map(() => [0n, 0n, 0n, 0n])
      const added = polynomialThrough(64, [0, ...honest], [[shift[0], shift[1], shift[2], 0n], ...zeros])
      const partials = Array.from({ length: m }, (_, i): HolderPartial => {
        const holder = first + i + 1
        return {
          holder,
          elements: values.map((coefficients, j) => {
            const own = valueAt(64, coefficients, pointOf(holder))
            const said = i < colluders ? sum(64, own, valueAt(64, added, pointOf(holder))) : own
            const chosen = errors.filter(([at, which]) => colluders === 0 && at === i && which === j)
            return four(chosen.reduce((all, [, , error]) => sum(64, all, error), said))
          }),
        }
      })
      const n = first + m
      const input = { width: 64 as const, quorum: { t, n }, blockCounts: [6], partials }
      const seen = combine(input)
      const expected = referenceCombine(64, t, m >= 3 * t - 2 ? t - 1 : 0, partials)
      const where = m >= 3 * t - 2 ? 'plenty' : 'between'
      if (!seen.ok) {
        // Nothing to correct, or the spare coefficient showed it.
        expect(seen.rule).toBe('FHE-INCONSISTENT')
        if (expected.found) expect(expected.values.some((value) => value[3] !== 0n)).toBe(true)
        if (m >= 2 * t) refused[where]++
        return
      }
      if (!expected.found) throw new Error('the reference finds nothing')
      expect(seen.value.phases[0]).toEqual(expected.values.flatMap((value) => value.slice(0, 3)))
      expect(seen.value.cheaters).toEqual(expected.cheaters)
      if (expected.cheaters.length > 0) corrected[where]++
    }),
    { numRuns: 80, seed: 7 },
  )
  expect(corrected.plenty).toBeGreaterThan(10)
  expect(corrected.between).toBe(0)
  expect(refused.between).toBeGreaterThan(10)
})
