import { chacha20 } from '@noble/ciphers/chacha.js'

/** The only source of randomness. `bytes(n)` gives n fresh bytes; whoever starts the program supplies one. */
export interface Entropy {
  bytes(n: number): Uint8Array
}

/**
 * FOR TESTS AND VECTORS ONLY: the ChaCha20 key stream (RFC 8439, zero nonce) under a 32-byte seed. Whoever knows
 * the seed knows every byte.
 */
export function deterministicEntropy(seed: Uint8Array): Entropy {
  if (seed.length !== 32) throw new RangeError(`seed: expected 32 bytes, got ${seed.length}`)
  const key = seed.slice()
  const nonce = new Uint8Array(12)
  let used = 0
  return {
    bytes(n) {
      if (!Number.isSafeInteger(n) || n < 0 || n > 1 << 20) throw new RangeError('n: expected 0 to 1048576')
      const block = Math.floor(used / 64)
      const skip = used % 64
      used += n
      return chacha20(key, nonce, new Uint8Array(skip + n), undefined, block).slice(skip)
    },
  }
}
