import { chacha20 } from '@noble/ciphers/chacha.js'
import { concatBytes, utf8 } from '../bytes.ts'
import { hmacSha256, sha256 } from '../hash.ts'
import type { Width } from './galois-ring.ts'
import { u8, u16 } from './little-endian.ts'

export const SEED_BYTES = 32

/** Words of a dealt key: 2048 for tfhe's own key (64 bits), 4096 for its squash key (128 bits). */
export const KEY_WORDS: Readonly<Record<Width, number>> = { 64: 2048, 128: 4096 }

/** The seeds of one set A: one of each dealer, by ascending dealer. */
export type SetSeeds = { readonly set: number; readonly seeds: readonly Uint8Array[] }

/** Commitment to a seed of set A: SHA-256("lux-fhe/v1/seed" || keyId || u16 A || u8 dealer || seed), 32 bytes. */
export function commitSeed(keyId: Uint8Array, set: number, dealer: number, seed: Uint8Array): Uint8Array {
  return sha256(utf8('lux-fhe/v1/seed'), keyId, u16(set), u8(dealer), seed)
}

/**
 * PRG_K(seed): ChaCha20 (RFC 8439, zero nonce, counter 0) under HMAC-SHA-256(seed, "lux-fhe/v1/share-K" || keyId),
 * `words` words of K/8 bytes, little endian.
 */
export function expandSeed(seed: Uint8Array, keyId: Uint8Array, width: Width, words: number): Uint8Array {
  if (seed.length !== SEED_BYTES) throw new RangeError(`seed: expected 32 bytes, got ${seed.length}`)
  const key = hmacSha256(seed, concatBytes(utf8(`lux-fhe/v1/share-${width}`), keyId))
  const stream = chacha20(key, new Uint8Array(12), new Uint8Array((words * width) / 8))
  key.fill(0)
  return stream
}
