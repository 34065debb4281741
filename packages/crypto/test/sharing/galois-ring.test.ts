import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  galoisRing,
  holderPoint,
  lagrangeCoefficients,
  ONE,
  setPolynomialAt,
  ZERO,
} from '../../src/sharing/galois-ring.ts'

describe.each([1, 64, 128])('GR(2^%i,4)', (bits) => {
  const ring = galoisRing(bits)
  const word = fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n })
  const element = fc.tuple(word, word, word, word)

  test('multiplication is commutative, associative and distributive', () => {
    fc.assert(
      fc.property(element, element, element, (a, b, c) => {
        expect(ring.mul(a, b)).toEqual(ring.mul(b, a))
        expect(ring.mul(a, ring.mul(b, c))).toEqual(ring.mul(ring.mul(a, b), c))
        expect(ring.mul(a, ring.add(b, c))).toEqual(ring.add(ring.mul(a, b), ring.mul(a, c)))
      }),
    )
  })

  test('every unit has an inverse, and nothing else has', () => {
    fc.assert(
      fc.property(element, (a) => {
        if (ring.isUnit(a)) expect(ring.mul(a, ring.inverse(a))).toEqual(ONE)
        else expect(() => ring.inverse(a)).toThrow(RangeError)
      }),
    )
  })

  test('in the ring X^4 equals -X-1', () => {
    const x = [0n, 1n, 0n, 0n] as const
    const x4 = ring.mul(ring.mul(x, x), ring.mul(x, x))
    expect(x4).toEqual([ring.reduce(-1n), ring.reduce(-1n), 0n, 0n])
  })

  test('differences of holder points are units', () => {
    for (let i = 1; i <= 15; i++) {
      expect(ring.isUnit(holderPoint(i))).toBe(true)
      for (let j = 1; j < i; j++) expect(ring.isUnit(ring.sub(holderPoint(i), holderPoint(j)))).toBe(true)
    }
  })

  test('f_A is 0 on A and a unit elsewhere', () => {
    const members = [1, 4, 6, 15]
    for (let i = 1; i <= 15; i++) {
      const value = setPolynomialAt(ring, members, i)
      if (members.includes(i)) expect(value).toEqual(ZERO)
      else expect(ring.isUnit(value)).toBe(true)
    }
  })

  test('Lagrange coefficients rebuild a polynomial at 0 and at another holder', () => {
    fc.assert(
      fc.property(fc.tuple(element, element, element), ([a0, a1, a2]) => {
        const at = (x: Parameters<typeof ring.mul>[0]) =>
          ring.add(a0, ring.mul(x, ring.add(a1, ring.mul(x, a2))))
        const holders = [3, 7, 12]
        for (const target of [ZERO, holderPoint(9)]) {
          const weights = lagrangeCoefficients(ring, holders, target)
          const sum = weights.reduce(
            (total, w, i) => ring.add(total, ring.mul(w, at(holderPoint(holders[i]!)))),
            ZERO,
          )
          expect(sum).toEqual(at(target))
        }
      }),
      { numRuns: 20 },
    )
  })
})

test('a holder beyond 15 has no point', () => {
  expect(() => holderPoint(16)).toThrow(RangeError)
  expect(() => holderPoint(0)).toThrow(RangeError)
})
