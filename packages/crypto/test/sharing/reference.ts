import {
  galoisRing,
  lagrangeCoefficients,
  type RingElement,
  type Width,
  ZERO,
} from '../../src/sharing/galois-ring.ts'

/** Slow and obviously right: words of bytes as BigInt, least significant first. */
export function wordsOf(bytes: Uint8Array, width: Width): bigint[] {
  const size = width / 8
  return Array.from({ length: bytes.length / size }, (_, j) =>
    bytes.subarray(j * size, (j + 1) * size).reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n),
  )
}

export function bytesOf(words: readonly bigint[], width: Width): Uint8Array {
  const out = new Uint8Array((words.length * width) / 8)
  words.forEach((word, j) => {
    for (let i = 0; i < width / 8; i++) out[(j * width) / 8 + i] = Number((word >> BigInt(8 * i)) & 255n)
  })
  return out
}

export function dense(mask: readonly bigint[], key: readonly bigint[], width: Width): bigint {
  return BigInt.asUintN(
    width,
    mask.reduce((sum, m, j) => sum + m * key[j]!, 0n),
  )
}

/** Value at 0 of the polynomial through one element of each holder. */
export function interpolateAtZero(width: Width, answers: ReadonlyMap<number, RingElement>): RingElement {
  const ring = galoisRing(width)
  const holders = [...answers.keys()]
  return lagrangeCoefficients(ring, holders).reduce<RingElement>(
    (sum, weight, i) => ring.add(sum, ring.mul(weight, answers.get(holders[i]!)!)),
    ZERO,
  )
}
