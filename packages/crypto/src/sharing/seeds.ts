import { concatBytes, utf8, wipe } from '../bytes.ts'
import { sha256 } from '../hash.ts'
import type { RingElement, Width } from './galois-ring.ts'
import type { RingVector } from './kernel.ts'
import { u8, u16 } from './little-endian.ts'

export const SEED_BYTES = 32

/** Words of a dealt key: 2048 for tfhe's own key (64 bits), 4096 for its squash key (128 bits). */
export const KEY_WORDS: Readonly<Record<Width, number>> = { 64: 2048, 128: 4096 }

/** The seeds of one set A: one of each dealer, by ascending dealer. */
export type SetSeeds = { readonly set: number; readonly seeds: readonly Uint8Array[] }

/** Overwrites seeds. */
export function forgetSeeds(seeds: readonly SetSeeds[]): void {
  for (const { seeds: own } of seeds) for (const seed of own) wipe(seed)
}

/** Commitment to a seed of set A: SHA-256("lux-fhe/v1/seed" || keyId || u16 A || u8 dealer || seed), 32 bytes. */
export function commitSeed(keyId: Uint8Array, set: number, dealer: number, seed: Uint8Array): Uint8Array {
  return sha256(utf8('lux-fhe/v1/seed'), keyId, u16(set), u8(dealer), seed)
}

/**
 * vector += factor * PRG_K(seed), K the vector's width: ChaCha20 (RFC 8439, zero nonce, counter 0) under HMAC-SHA-256(seed,
 * "lux-fhe/v1/share-K" || keyId), read as words of K/8 bytes, little endian.
 */
export function addSeed(vector: RingVector, seed: Uint8Array, keyId: Uint8Array, factor: RingElement): void {
  if (seed.length !== SEED_BYTES) throw new RangeError(`seed: expected 32 bytes, got ${seed.length}`)
  vector.addSeed(seed, concatBytes(utf8(`lux-fhe/v1/share-${vector.width}`), keyId), factor)
}
