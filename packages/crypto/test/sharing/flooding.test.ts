import { describe, expect, test } from 'vitest'
import {
  blockBudget,
  budgetOf,
  floodExponent,
  floodingBits,
  lifeBits,
  NOISE_BOUND_LOG2,
  phaseBound,
  safeFloodingBits,
} from '../../src/sharing/flooding.ts'
import { binomial, checkQuorum, setsOf, setsWithout } from '../../src/sharing/quorum.ts'

// THRESHOLD-FHE.md "Flooding bits": (t,n), sets, bits fresh and squashed, k squashed and fresh.
const table = [
  [2, 3, 3, 40.4, 51.4, 120, 56],
  [3, 5, 10, 38.7, 49.7, 118, 54],
  [5, 9, 126, 35.0, 46.0, 115, 51],
  [7, 13, 1716, 31.3, 42.3, 111, 47],
  [8, 15, 6435, 29.3, 40.3, 109, 45],
] as const

test.each(table)(
  '(%i,%i) has the sets, bits and exponents of the design',
  (t, n, sets, fresh, squashed, k128, k64) => {
    expect(setsOf({ t, n }).length).toBe(sets)
    expect(binomial(n, t - 1)).toBe(sets)
    expect(setsWithout({ t, n }, n).length).toBe(binomial(n - 1, t - 1))
    expect(Math.abs(floodingBits({ t, n }, 64) - fresh)).toBeLessThan(0.051)
    expect(Math.abs(floodingBits({ t, n }, 128) - squashed)).toBeLessThan(0.051)
    expect(floodExponent({ t, n }, 128)).toBe(k128)
    expect(floodExponent({ t, n }, 64)).toBe(k64)
  },
)

test('k is the largest exponent that fits, in integers, for every quorum', () => {
  for (let n = 2; n <= 15; n++) {
    for (let t = 2; t <= n; t++) {
      for (const [width, bound] of [
        [64, 17n],
        [128, 70n],
      ] as const) {
        const room = (1n << BigInt(width - 6)) - (1n << bound)
        const k = BigInt(floodExponent({ t, n }, width))
        const sets = BigInt(binomial(n, t - 1))
        expect(sets << k <= room && sets << (k + 1n) > room).toBe(true)
      }
    }
  }
})

test('squashed blocks keep the floor of 40 bits at every quorum, the worst is exactly 40', () => {
  let worst = Number.POSITIVE_INFINITY
  for (let n = 2; n <= 15; n++)
    for (let t = 2; t <= n; t++) worst = Math.min(worst, safeFloodingBits({ t, n }, 128))
  expect(worst).toBe(40)
})

test('fresh blocks keep it at (2,2), (2,3) and (3,3) only', () => {
  const kept: string[] = []
  for (let n = 2; n <= 15; n++)
    for (let t = 2; t <= n; t++) if (budgetOf({ t, n }, 64).ok) kept.push(`${t},${n}`)
  expect(kept).toEqual(['2,2', '2,3', '3,3'])
  expect(budgetOf({ t: 3, n: 5 }, 64)).toMatchObject({ rule: 'FHE-FLOOD-FLOOR' })
})

test('a budget spent to its end leaves at least 20 bits of life', () => {
  for (const [t, n] of table) {
    const bits = safeFloodingBits({ t, n }, 128)
    const blocks = blockBudget({ t, n }, bits)
    expect(lifeBits(bits, blocks * (n - t + 1))).toBeGreaterThanOrEqual(20)
  }
  expect(lifeBits(40, 0)).toBe(40)
})

describe('quorums', () => {
  test.each([
    [1, 3, 'FHE-QUORUM-SMALL'],
    [4, 3, 'FHE-QUORUM-OVER'],
    [2, 16, 'FHE-HOLDERS-MANY'],
  ])('(%i,%i) is refused: %s', (t, n, rule) => {
    expect(checkQuorum({ t, n })).toMatchObject({ ok: false, rule })
  })
  test('a number of bits that is no integer throws', () => {
    expect(() => checkQuorum({ t: 2.5, n: 3 })).toThrow(RangeError)
  })
})

test('FHE-NOISE at every (t,n) and both widths the bound has room for the design’s noise and all that flooding adds, inside the margin', () => {
  for (let n = 2; n <= 15; n++) {
    for (let t = 2; t <= n; t++) {
      for (const width of [64, 128] as const) {
        const bound = phaseBound({ t, n }, width)
        const added = BigInt(binomial(n, t - 1)) << BigInt(floodExponent({ t, n }, width))
        expect(bound).toBeGreaterThanOrEqual(added + (1n << BigInt(NOISE_BOUND_LOG2[width])))
        expect(bound).toBeLessThanOrEqual(1n << BigInt(width - 6))
      }
    }
  }
  expect(phaseBound({ t: 2, n: 3 }, 128)).toBe(3n * 2n ** 120n + 2n ** 70n)
})
