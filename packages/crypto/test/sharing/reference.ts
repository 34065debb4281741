import { chacha20, xchacha20 } from '@noble/ciphers/chacha.js'
import { concatBytes, utf8 } from '../../src/bytes.ts'
import { hmacSha256, sha256 } from '../../src/hash.ts'
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

const little = (n: number, size: number) => Uint8Array.from({ length: size }, (_, i) => (n >> (8 * i)) & 255)

/** D of a block, by another SHA-256 than the kernel's. */
export function blockDigest(width: Width, mask: Uint8Array, body: Uint8Array): Uint8Array {
  const words = (mask.length * 8) / width
  return sha256(utf8('lux-fhe/v1/block'), little(width, 1), little(words, 4), mask, body)
}

/** PRG_K(seed) as bytes, by another ChaCha20 and HMAC. */
export function seedStream(seed: Uint8Array, keyId: Uint8Array, width: Width, words: number): Uint8Array {
  const key = hmacSha256(seed, concatBytes(utf8(`lux-fhe/v1/share-${width}`), keyId))
  return chacha20(key, new Uint8Array(12), new Uint8Array((words * width) / 8))
}

/** e_A under the flood key K_A of a block with digest D, by another XChaCha20. */
export function floodNoise(floodKey: Uint8Array, digest: Uint8Array, k: number): bigint {
  const stream = xchacha20(floodKey, digest.subarray(0, 24), new Uint8Array(16))
  const drawn = stream.reduceRight((n, byte) => (n << 8n) | BigInt(byte), 0n)
  return BigInt.asUintN(k + 1, drawn) - (1n << BigInt(k))
}
