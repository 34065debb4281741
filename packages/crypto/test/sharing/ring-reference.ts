import type { Width } from '../../src/sharing/galois-ring.ts'

/**
 * GR(2^K,4) a second time, with nothing of src in it: elements are lists of four integers, a product is one of
 * polynomials with its rest by X^4 + X + 1, and interpolation solves linear equations over Z/2^K. No inverse in the
 * ring, no Lagrange coefficient.
 */
export type Element = readonly bigint[]

const modulus = [1n, 1n, 0n, 0n, 1n]

export function product(width: Width, a: Element, b: Element): bigint[] {
  const long = Array.from({ length: 7 }, () => 0n)
  for (const [i, x] of a.entries()) for (const [j, y] of b.entries()) long[i + j]! += x * y
  for (let top = 6; top >= 4; top--) {
    const lead = long[top]!
    for (const [k, c] of modulus.entries()) long[top - 4 + k]! -= lead * c
  }
  return long.slice(0, 4).map((c) => BigInt.asUintN(width, c))
}

export function sum(width: Width, a: Element, b: Element): bigint[] {
  return a.map((c, i) => BigInt.asUintN(width, c + b[i]!))
}

/** Holder i's point: the bits of i are its coefficients. */
export function pointOf(holder: number): bigint[] {
  return [0, 1, 2, 3].map((k) => BigInt(Math.floor(holder / 2 ** k) % 2))
}

const known = new Map<string, bigint[][]>()

/** Powers of a point, from the 0th on. */
function powers(width: Width, point: Element, count: number): bigint[][] {
  const name = `${width}:${point}:${count}`
  const all = known.get(name) ?? [[1n, 0n, 0n, 0n]]
  while (all.length < count) all.push(product(width, all.at(-1)!, point))
  known.set(name, all)
  return all
}

/** Value of a polynomial, coefficient of X^0 first. */
export function valueAt(width: Width, coefficients: readonly Element[], point: Element): bigint[] {
  return powers(width, point, coefficients.length).reduce(
    (all, power, i) => sum(width, all, product(width, coefficients[i]!, power)),
    [0n, 0n, 0n, 0n],
  )
}

const inverses = new Map<string, bigint[][]>()

/** The polynomial of degree below `holders.length` with these values at the holders' points. */
export function polynomialThrough(
  width: Width,
  holders: readonly number[],
  values: readonly Element[],
): bigint[][] {
  const name = `${width}:${holders}`
  let inverse = inverses.get(name)
  if (!inverse) {
    inverse = invert(width, equations(width, holders))
    inverses.set(name, inverse)
  }
  const right = values.flat()
  const flat = inverse.map((row) =>
    BigInt.asUintN(
      width,
      row.reduce((all, c, i) => all + c * right[i]!, 0n),
    ),
  )
  return holders.map((_, i) => flat.slice(4 * i, 4 * i + 4))
}

/** Row 4i + r, column 4j + c: what the coefficient of X^c in the j-th unknown adds to that of X^r in the value at holder i. */
function equations(width: Width, holders: readonly number[]): bigint[][] {
  return holders.flatMap((holder) => {
    const columns = powers(width, pointOf(holder), holders.length).flatMap((power) =>
      [0, 1, 2, 3].map((c) =>
        product(
          width,
          [0, 1, 2, 3].map((k) => (k === c ? 1n : 0n)),
          power,
        ),
      ),
    )
    return [0, 1, 2, 3].map((r) => columns.map((column) => column[r]!))
  })
}

/** Gauss and Jordan over Z/2^K: the equations have one solution mod 2, so each column has an odd pivot. */
function invert(width: Width, matrix: readonly (readonly bigint[])[]): bigint[][] {
  const size = matrix.length
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1n : 0n))])
  for (let at = 0; at < size; at++) {
    const pivot = rows.findIndex((row, i) => i >= at && row[at]! % 2n === 1n)
    if (pivot < 0) throw new Error('no odd pivot')
    const [row] = rows.splice(pivot, 1)
    const scale = inverseOf(width, row![at]!)
    const scaled = row!.map((c) => BigInt.asUintN(width, c * scale))
    rows.splice(at, 0, scaled)
    for (const [i, other] of rows.entries()) {
      const factor = other[at]!
      if (i === at || factor === 0n) continue
      rows[i] = other.map((c, j) => BigInt.asUintN(width, c - factor * scaled[j]!))
    }
  }
  return rows.map((row) => row.slice(size))
}

/** Of an odd number mod 2^width, by Euclid's algorithm. */
function inverseOf(width: Width, odd: bigint): bigint {
  let [a, b] = [odd, 1n << BigInt(width)]
  let [x, y] = [1n, 0n]
  while (a !== 1n) {
    const quotient = b / a
    ;[a, b] = [b - quotient * a, a]
    ;[x, y] = [y - quotient * x, x]
  }
  return BigInt.asUintN(width, x)
}
