import { ml_dsa65 } from '@noble/post-quantum/ml-dsa.js'
import { wipe } from '../bytes.ts'
import type { Entropy } from '../random.ts'

/**
 * ML-DSA-65 (FIPS 204, pure, empty context, deterministic variant). Secret keys are the 32-byte seed xi, public
 * keys 1952 bytes, signatures 3309.
 */
export const mlDsa65 = {
  generate(entropy: Entropy): Uint8Array {
    return entropy.bytes(32)
  },

  publicKey(seed: Uint8Array): Uint8Array {
    const { publicKey, secretKey } = ml_dsa65.keygen(seed)
    wipe(secretKey)
    return publicKey
  },

  sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
    const { secretKey } = ml_dsa65.keygen(seed)
    try {
      return ml_dsa65.sign(message, secretKey, { extraEntropy: false })
    } finally {
      wipe(secretKey)
    }
  },

  /** Whether the signature is that of the message; a wrong length is false. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (publicKey.length !== 1952 || signature.length !== 3309) return false
    return ml_dsa65.verify(signature, message, publicKey)
  },
} as const
