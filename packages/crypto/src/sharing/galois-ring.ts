import { MAX_HOLDERS } from './quorum.ts'

/** An element of GR(2^K,4) = (Z/2^K)[X]/(X^4+X+1): coefficients of X^0..X^3, each in [0, 2^K). */
export type RingElement = readonly [bigint, bigint, bigint, bigint]

/** Width of a coefficient in bits: 64 for tfhe's own key, 128 for its noise-squashing key. */
export type Width = 64 | 128

export const ZERO: RingElement = [0n, 0n, 0n, 0n]
export const ONE: RingElement = [1n, 0n, 0n, 0n]

const rings = new Map<number, GaloisRing>()

/** Arithmetic of GR(2^bits,4). BigInt is variable-time: keep key material out of it where it can be kept out. */
export type GaloisRing = {
  readonly bits: number
  reduce(n: bigint): bigint
  add(a: RingElement, b: RingElement): RingElement
  sub(a: RingElement, b: RingElement): RingElement
  mul(a: RingElement, b: RingElement): RingElement
  scale(a: RingElement, n: bigint): RingElement
  /** a^-1 for a unit (a != 0 mod 2); a non-unit throws RangeError. */
  inverse(a: RingElement): RingElement
  isUnit(a: RingElement): boolean
}

/** One ring for each number of bits, made once; the products reduce by X^4 = -X - 1. THRESHOLD-FHE section 3. */
export function galoisRing(bits: number): GaloisRing {
  const known = rings.get(bits)
  if (known) return known
  const reduce = (n: bigint) => BigInt.asUintN(bits, n)
  const map = (f: (i: 0 | 1 | 2 | 3) => bigint): RingElement => [
    reduce(f(0)),
    reduce(f(1)),
    reduce(f(2)),
    reduce(f(3)),
  ]
  const ring: GaloisRing = {
    bits,
    reduce,
    add: (a, b) => map((i) => a[i] + b[i]),
    sub: (a, b) => map((i) => a[i] - b[i]),
    scale: (a, n) => map((i) => a[i] * n),
    mul: ([a0, a1, a2, a3], [b0, b1, b2, b3]) => {
      const p4 = a1 * b3 + a2 * b2 + a3 * b1
      const p5 = a2 * b3 + a3 * b2
      const p6 = a3 * b3
      // X^4 = -X - 1, X^5 = -X^2 - X, X^6 = -X^3 - X^2
      return [
        reduce(a0 * b0 - p4),
        reduce(a0 * b1 + a1 * b0 - p4 - p5),
        reduce(a0 * b2 + a1 * b1 + a2 * b0 - p5 - p6),
        reduce(a0 * b3 + a1 * b2 + a2 * b1 + a3 * b0 - p6),
      ]
    },
    isUnit: (a) => a.some((c) => (c & 1n) === 1n),
    inverse: (a) => {
      if (!ring.isUnit(a)) throw new RangeError('a: not a unit of the Galois ring')
      let x = fieldInverse(a)
      // Newton doubles the number of right bits: 1 -> 2 -> 4 -> ... >= bits.
      for (let right = 1; right < bits; right *= 2) {
        x = ring.mul(x, ring.sub([2n, 0n, 0n, 0n], ring.mul(a, x)))
      }
      return x
    },
  }
  rings.set(bits, ring)
  return ring
}

/** Inverse in GF(16) = GR(2,4): a^14, since a^15 = 1. */
function fieldInverse(a: RingElement): RingElement {
  const field = galoisRing(1)
  const base: RingElement = [a[0] & 1n, a[1] & 1n, a[2] & 1n, a[3] & 1n]
  let power = ONE
  for (let i = 0; i < 14; i++) power = field.mul(power, base)
  return power
}

/** The point of holder i in 1..15: sum of bit_k(i) X^k with coefficients 0/1 (not the Teichmüller lift). */
export function holderPoint(holder: number): RingElement {
  if (!Number.isInteger(holder) || holder < 1 || holder > MAX_HOLDERS) {
    throw new RangeError(`holder: expected 1 to 15, got ${holder}`)
  }
  const bit = (k: number) => BigInt((holder >> k) & 1)
  return [bit(0), bit(1), bit(2), bit(3)]
}

/** f_A(i) = prod_{a in A} (1 - alpha_i / alpha_a): 1 at 0, 0 on A, a unit elsewhere. `members` ascending. */
export function setPolynomialAt(ring: GaloisRing, members: readonly number[], holder: number): RingElement {
  const low = members.filter((a) => a < HALF)
  const high = members.filter((a) => a >= HALF)
  return ring.mul(halfProduct(ring, low, holder), halfProduct(ring, high, holder))
}

const HALF = 8
const halfProducts = new Map<number, RingElement>()

/** Stored factors of the members below 8, or from 8 on: 256 products for each width and holder, used for up to 3432 sets. */
function halfProduct(ring: GaloisRing, members: readonly number[], holder: number): RingElement {
  const mask = members.reduce((sum, a) => sum | (1 << a), 0)
  const key = (ring.bits * 16 + holder) * 65_536 + mask
  const known = halfProducts.get(key)
  if (known) return known
  const product = members.reduce<RingElement>((p, a) => ring.mul(p, setFactor(ring, a, holder)), ONE)
  halfProducts.set(key, product)
  return product
}

const setFactors = new Map<number, RingElement>()

/** 1 - alpha_i / alpha_a, kept: there are 225 of a width, and a share has up to 3432 sets of them. */
function setFactor(ring: GaloisRing, a: number, holder: number): RingElement {
  const key = (ring.bits * 16 + a) * 16 + holder
  const known = setFactors.get(key)
  if (known) return known
  const factor = ring.sub(ONE, ring.mul(holderPoint(holder), ring.inverse(holderPoint(a))))
  setFactors.set(key, factor)
  return factor
}

/** Lagrange coefficients that take values at `holders` to the value at `target` (a ring point; 0 is the secret). */
export function lagrangeCoefficients(
  ring: GaloisRing,
  holders: readonly number[],
  target: RingElement = ZERO,
): RingElement[] {
  const points = holders.map(holderPoint)
  return points.map((own, i) => {
    let product = ONE
    for (const [j, other] of points.entries()) {
      if (j === i) continue
      const inverse = inverseDifference(ring, [own, holders[i] ?? 0], [other, holders[j] ?? 0])
      product = ring.mul(product, ring.mul(ring.sub(target, other), inverse))
    }
    return product
  })
}

const inverses = new Map<number, RingElement>()

/** (alpha_i - alpha_j)^-1, kept: there are 210 of a width, and decoding asks for them thousands of times. */
function inverseDifference(
  ring: GaloisRing,
  [own, i]: readonly [RingElement, number],
  [other, j]: readonly [RingElement, number],
): RingElement {
  const key = (ring.bits * 16 + i) * 16 + j
  const known = inverses.get(key)
  if (known) return known
  const inverse = ring.inverse(ring.sub(own, other))
  inverses.set(key, inverse)
  return inverse
}
