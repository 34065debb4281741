/** A value of a polynomial at a point: one byte of `y` for each of as many polynomials. The point is public, `y` is secret. */
export type Point = { readonly x: number; readonly y: Uint8Array }

/**
 * The product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. No branch and no table, so that neither time nor cache tells of
 * the factors.
 */
export function multiply(a: number, b: number): number {
  let product = 0
  let power = a
  for (let bit = 0; bit < 8; bit++) {
    product ^= power & (0 - ((b >> bit) & 1))
    power = (power << 1) ^ (0x11b & (0 - (power >> 7)))
  }
  return product
}

/** The inverse of a, which is a^254; 0 of 0. */
export function invert(a: number): number {
  let inverse = 1
  let power = a
  // 254 = 2 + 4 + … + 128
  for (let bit = 1; bit < 8; bit++) {
    power = multiply(power, power)
    inverse = multiply(inverse, power)
  }
  return inverse
}

/** The values at `x` of the polynomials of least degree through the points, which are distinct and have values of one length. */
export function interpolate(points: readonly Point[], x: number): Uint8Array {
  const values = new Uint8Array(points[0]?.y.length ?? 0)
  for (const { x: own, y } of points) {
    let coefficient = 1
    for (const { x: other } of points) {
      if (other === own) continue
      coefficient = multiply(coefficient, multiply(x ^ other, invert(own ^ other)))
    }
    for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) ^ multiply(y[i] ?? 0, coefficient)
  }
  return values
}
