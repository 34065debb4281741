/** Points of BLS12-446 that no honest proof has, and their bytes: reckoned here with BigInt alone. */
const p =
  172824703542857155980071276579495962243492693522789898437834836356385656662277472896902502740297183690175962001546428467344062165330603n
type Pair = readonly [bigint, bigint]

const mod = (x: bigint) => ((x % p) + p) % p

/** Of y^2 = x^3 + 1, by their order: over any field 2, 3 and 6, and 2 twice more where -1 has two other cube roots. */
export function smallOrderOfG1(): readonly (readonly [order: number, x: bigint, y: bigint])[] {
  const w = power(2n, (p - 1n) / 3n)
  return [
    [2, p - 1n, 0n],
    [2, p - w, 0n],
    [2, p - mod(w * w), 0n],
    [3, 0n, 1n],
    [6, 2n, 3n],
  ]
}

/** The first point of y^2 = x^3 + 1 + u whose x is a small integer: of the twist, and by chance alone in the subgroup. */
export function anyPointOfTwist(): readonly [bigint, bigint, bigint, bigint] {
  for (let x = 1n; ; x++) {
    const y = root([mod(x ** 3n + 1n), 1n])
    if (y) return [x, 0n, ...y]
  }
}

/** As tfhe writes a coordinate: x 2^448 mod p, 56 bytes, little endian. */
export function coordinateBytes(x: bigint): Uint8Array {
  let value = mod(x << 448n)
  return Uint8Array.from({ length: 56 }, () => {
    const byte = Number(value & 255n)
    value >>= 8n
    return byte
  })
}

/** A square root of a + b u, u^2 = -1; p is 3 mod 4. */
function root([a, b]: Pair): Pair | null {
  const norm = power(mod(a * a + b * b), (p + 1n) / 4n)
  for (const sign of [1n, -1n]) {
    const c = power(mod((a + sign * norm) * inverse(2n)), (p + 1n) / 4n)
    const d = mod(b * inverse(mod(2n * c)))
    if (mod(c * c - d * d) === a && mod(2n * c * d) === b) return [c, d]
  }
  return null
}

const inverse = (x: bigint) => power(x, p - 2n)

function power(x: bigint, exponent: bigint): bigint {
  let [result, base] = [1n, mod(x)]
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = mod(result * base)
    base = mod(base * base)
  }
  return result
}
