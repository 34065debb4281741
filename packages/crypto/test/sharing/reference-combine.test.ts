import fc from 'fast-check'
import { expect, test } from 'vitest'
import { combine, type HolderPartial } from '../../src/sharing/combine.ts'
import { galoisRing, holderPoint, type RingElement, ZERO } from '../../src/sharing/galois-ring.ts'
import { referenceCombine } from './reference-combine.ts'

const ring = galoisRing(64)
const word = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc.constantFrom(0n, 1n, 1n << 63n, 1n << 32n, 2n ** 64n - 1n),
)
const element: fc.Arbitrary<RingElement> = fc.tuple(word, word, word, word)

/** Answers of chosen holders on random polynomials with no coefficient X^3 at 0, some of them changed at will. */
const cases = fc
  .constantFrom<[number, number]>([2, 2], [2, 3], [2, 4], [2, 5], [3, 3], [3, 5], [3, 7], [4, 10])
  .chain(([t, m]) =>
    fc.record({
      t: fc.constant(t),
      m: fc.constant(m),
      first: fc.integer({ min: 0, max: 15 - m }),
      polynomials: fc.array(fc.array(element, { minLength: t, maxLength: t }), {
        minLength: 2,
        maxLength: 2,
      }),
      errors: fc.array(fc.tuple(fc.nat(m - 1), fc.nat(1), element), { maxLength: t }),
    }),
  )

test('combine says what a slow reference says, whatever t-1 or fewer holders changed, and never more', () => {
  let corrected = 0
  fc.assert(
    fc.property(cases, ({ t, m, first, polynomials, errors }) => {
      const values = polynomials.map(([[a, b, c] = ZERO, ...rest]): RingElement[] => [[a, b, c, 0n], ...rest])
      const partials = Array.from({ length: m }, (_, i): HolderPartial => {
        const holder = first + i + 1
        return {
          holder,
          elements: values.map((coefficients, j) => {
            const honest = coefficients.reduceRight<RingElement>(
              (sum, coefficient) => ring.add(ring.mul(sum, holderPoint(holder)), coefficient),
              ZERO,
            )
            return errors
              .filter(([at, which]) => at === i && which === j)
              .reduce((sum, [, , error]) => ring.add(sum, error), honest)
          }),
        }
      })
      const n = first + m
      const input = { width: 64 as const, quorum: { t, n }, blockCounts: [6], partials }
      const seen = combine(input)
      const expected = referenceCombine(64, t, m >= 3 * t - 2 ? t - 1 : 0, partials)
      if (!seen.ok) {
        // Nothing to correct, or the spare coefficient showed it.
        expect(seen.rule).toBe('FHE-INCONSISTENT')
        if (expected.found) expect(expected.values.some((value) => value[3] !== 0n)).toBe(true)
        return
      }
      if (!expected.found) throw new Error('the reference finds nothing')
      expect(seen.value.phases[0]).toEqual(expected.values.flatMap((value) => value.slice(0, 3)))
      expect(seen.value.cheaters).toEqual(expected.cheaters)
      if (expected.cheaters.length > 0) corrected++
    }),
    { numRuns: 80, seed: 7 },
  )
  expect(corrected).toBeGreaterThan(5)
})
