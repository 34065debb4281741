import { ed25519 as curve } from '@noble/curves/ed25519.js'
import { bytesToNumberLE } from '@noble/curves/utils.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { concatBytes, equalBytes } from '../bytes.ts'
import type { Entropy } from '../random.ts'

const order = curve.Point.Fn.ORDER

/**
 * Ed25519 (RFC 8032, pure). Secret keys are 32-byte seeds, public keys 32 bytes, signatures 64. Verification is strict, so that all
 * verifiers agree: canonical encodings, s below the group order, no public key of small order, and RFC 8032 5.1.7 without its cofactor,
 * [S]B = R + [k]A. What passes here also passes with the cofactor.
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
    if (!ed25519.isPublicKey(publicKey)) return false
    const [r, s] = [signature.subarray(0, 32), bytesToNumberLE(signature.subarray(32))]
    if (s >= order) return false
    const challenge = bytesToNumberLE(sha512(concatBytes(r, publicKey, message))) % order
    const key = curve.Point.fromBytes(publicKey, false)
    const found = curve.Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(challenge))
    return equalBytes(found.toBytes(), r)
  },
} as const
