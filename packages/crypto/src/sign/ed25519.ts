import { ed25519 as curve } from '@noble/curves/ed25519.js'
import type { Entropy } from '../random.ts'

/**
 * Ed25519 (RFC 8032, pure). Secret keys are 32-byte seeds, public keys 32 bytes, signatures 64. Verification is
 * strict: canonical encodings only, s below the group order, no public key of small order.
 */
export const ed25519 = {
  generate(entropy: Entropy): Uint8Array {
    return entropy.bytes(32)
  },

  publicKey(seed: Uint8Array): Uint8Array {
    return curve.getPublicKey(seed)
  },

  /** Whether these are 32 bytes, the canonical encoding of a point that is not of small order. */
  isPublicKey(publicKey: Uint8Array): boolean {
    if (publicKey.length !== 32) return false
    try {
      return !curve.Point.fromBytes(publicKey, false).isSmallOrder()
    } catch {
      return false
    }
  },

  sign(seed: Uint8Array, message: Uint8Array): Uint8Array {
    return curve.sign(message, seed)
  },

  /** Whether the signature is that of the message; any malformed input is false. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
    if (signature.length !== 64 || publicKey.length !== 32) return false
    return curve.verify(signature, message, publicKey, { zip215: false })
  },
} as const
