import { concatBytes, utf8 } from '../bytes.ts'
import { accept, type Outcome, refuse } from '../outcome.ts'
import type { Width } from './galois-ring.ts'
import { u8 } from './little-endian.ts'
import { binomial, type Quorum } from './quorum.ts'

/** log2 of the noise bound B of a block: fresh under the client key (64), squashed (128). */
export const NOISE_BOUND_LOG2: Readonly<Record<Width, number>> = { 64: 17, 128: 70 }

/** log2 of the noise of a fresh block of the default compact public key: 8 standard deviations, 2^24.7, rounded up. */
const COMPACT_NOISE_LOG2 = 25

/** Bits per block below which nothing is decrypted. */
export const BLOCK_FLOOR_BITS = 40
/** Bits that must be left after every block of a key's life. */
export const LIFE_FLOOR_BITS = 20

/**
 * k with T = 2^k: the largest integer with C(n,t-1) 2^k <= 2^(K-6) - B, in integers. THRESHOLD-FHE section 4. How much uniform noise of
 * that size hides: Asharov, Jain and Wichs (ePrint 2011/613), Lemma 2.1.
 */
export function floodExponent({ t, n }: Quorum, width: Width): number {
  const room =
    ((1n << BigInt(width - 6)) - (1n << BigInt(NOISE_BOUND_LOG2[width]))) / BigInt(binomial(n, t - 1))
  return room.toString(2).length - 1
}

/** log2 of the most that is seen of a computed ciphertext of 64 bits, which a rehearsal in mode F answers too: 2^52.4, rounded up. */
const COMPUTED_NOISE_LOG2 = 53

/**
 * How far an honest block's phase may be from a multiple of Delta once its partials are combined: B + C(n,t-1) 2^k. It never exceeds the
 * margin 2^(K-6), which tells one value from the next. At 64 bits B is that of computed ciphertexts. THRESHOLD-FHE section 4.
 */
export function phaseBound(quorum: Quorum, width: Width): bigint {
  const noise = width === 64 ? COMPUTED_NOISE_LOG2 : NOISE_BOUND_LOG2[width]
  const bound =
    (1n << BigInt(noise)) + (BigInt(binomial(quorum.n, quorum.t - 1)) << BigInt(floodExponent(quorum, width)))
  const margin = 1n << BigInt(width - 6)
  return bound < margin ? bound : margin
}

/** Flooding bits of one block as a real number: k + 1 - log2 B before k is rounded down (what the tables show). */
export function floodingBits({ t, n }: Quorum, width: Width): number {
  const boundLog2 = NOISE_BOUND_LOG2[width]
  const log2 = width - 6 + Math.log2(1 - 2 ** (boundLog2 - (width - 6)))
  return log2 - Math.log2(binomial(n, t - 1)) + 1 - boundLog2
}

/** Flooding bits that hold after k is rounded down: an integer for the design's bounds. */
export function safeFloodingBits(quorum: Quorum, width: Width): number {
  return floodExponent(quorum, width) + 1 - NOISE_BOUND_LOG2[width]
}

/** Who made a block: it decides the noise that is to be hidden. `public-key`: fresh under the compact public key. */
export type NoiseSource = 'client-key' | 'public-key' | 'squashing'

/** As `safeFloodingBits`, for blocks of that origin. THRESHOLD-FHE section 5. */
export function blockBitsOf(quorum: Quorum, source: NoiseSource): number {
  if (source === 'squashing') return safeFloodingBits(quorum, 128)
  const bits = safeFloodingBits(quorum, 64)
  return source === 'client-key' ? bits : bits - (COMPACT_NOISE_LOG2 - NOISE_BOUND_LOG2[64])
}

/** Blocks that one holder may answer over the key's whole life: floor(2^(bits-20) / (n-t+1)), at most 2^32 - 1. */
export function blockBudget({ t, n }: Quorum, bits: number): number {
  return Math.min(0xffff_ffff, Math.floor(2 ** (bits - LIFE_FLOOR_BITS) / (n - t + 1)))
}

/** THRESHOLD-FHE section 5. Bits left when `blocks` distinct blocks have been answered by all honest holders: bits - log2 blocks. */
export function lifeBits(bits: number, blocks: number): number {
  return blocks <= 1 ? bits : bits - Math.log2(blocks)
}

/** The budgets of both widths in blocks; FHE-FLOOD-FLOOR where a block would be under 40 bits. */
export function budgetOf(quorum: Quorum, width: Width): Outcome<number> {
  const bits = safeFloodingBits(quorum, width)
  if (bits >= BLOCK_FLOOR_BITS) return accept(blockBudget(quorum, bits))
  return refuse(
    'FHE-FLOOD-FLOOR',
    `${bits} flooding bits at (${quorum.t},${quorum.n}) and ${width} bits, ${BLOCK_FLOOR_BITS - bits} fewer than the least, ${BLOCK_FLOOR_BITS}`,
  )
}

/** What a holder's noise is bound to; all of it comes from the holder's own share, never from a request. */
export type FloodContext = {
  readonly keyId: Uint8Array
  readonly epochId: Uint8Array
  readonly quorum: Quorum
  readonly width: Width
}

/**
 * What the seeds of a set are the HMAC key for, to give K_A: "lux-fhe/v1/flood" || keyId || epochId || u8 t, n, K, k. The
 * noise of a block of digest D is then (first 16 bytes of XChaCha20(K_A, D[0..24)), little endian) mod 2^(k+1) - 2^k.
 */
export function floodMessage({ keyId, epochId, quorum, width }: FloodContext): Uint8Array {
  const k = floodExponent(quorum, width)
  return concatBytes(utf8('lux-fhe/v1/flood'), keyId, epochId, u8(quorum.t), u8(quorum.n), u8(width), u8(k))
}
