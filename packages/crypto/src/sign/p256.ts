import { p256 as curve } from '@noble/curves/nist.js'
import { equalBytes } from '../bytes.ts'
import { FormatError } from '../format-error.ts'
import type { Entropy } from '../random.ts'

/**
 * ECDSA P-256 with SHA-256. Secret keys are 32-byte scalars, public keys 65-byte uncompressed SEC1 points,
 * signatures strict DER with low s. Signing is deterministic, RFC 6979.
 */
export const p256 = {
  /** A secret scalar, uniform to 2^-128 (FIPS 186-5 A.2.1). */
  generate(entropy: Entropy): Uint8Array {
    return curve.utils.randomSecretKey(entropy.bytes(48))
  },

  /** The public point of a scalar in [1, n-1]; throws on any other. */
  publicKey(secretKey: Uint8Array): Uint8Array {
    return curve.getPublicKey(secretKey, false)
  },

  /** Whether these are 65 bytes 04 || x || y of a point on the curve. */
  isPublicKey(publicKey: Uint8Array): boolean {
    return publicKey.length === 65 && publicKey[0] === 4 && curve.utils.isValidPublicKey(publicKey, false)
  },

  /** Signs SHA-256 of the message. */
  sign(secretKey: Uint8Array, message: Uint8Array): Uint8Array {
    return curve.sign(message, secretKey, { format: 'der', lowS: true })
  },

  /** Whether the signature is strict DER, low-s, and that of the message; any malformed input is false. */
  verify(publicKey: Uint8Array, message: Uint8Array, der: Uint8Array): boolean {
    if (!p256.isPublicKey(publicKey)) return false
    const signature = decode(der)
    if (signature === null || signature.hasHighS()) return false
    return curve.verify(signature.toBytes('compact'), message, publicKey, { lowS: true })
  },
} as const

/**
 * Strict DER with low s of the 64 bytes r || s that a token returns (PKCS #11 CKM_ECDSA). Throws FormatError
 * `ECDSA-RAW` when r or s is not in [1, n-1].
 */
export function p256RawToDer(raw: Uint8Array): Uint8Array {
  if (raw.length !== 64) throw new FormatError('ECDSA-RAW', `expected 64 bytes, got ${raw.length}`)
  try {
    const { r, s } = curve.Signature.fromBytes(raw, 'compact')
    const order = curve.Point.Fn.ORDER
    return new curve.Signature(r, s > order / 2n ? order - s : s).toBytes('der')
  } catch {
    throw new FormatError('ECDSA-RAW', 'r or s is out of range')
  }
}

/** The 64 bytes r || s of a strict DER signature, s unchanged. Throws FormatError `ECDSA-DER`. */
export function p256DerToRaw(der: Uint8Array): Uint8Array {
  const signature = decode(der)
  if (signature === null) throw new FormatError('ECDSA-DER', 'not a strict DER signature')
  return signature.toBytes('compact')
}

/** What is wrong with a DER signature before any arithmetic: `null` when it is strict and low-s. */
export function p256DerFault(der: Uint8Array): 'not-der' | 'high-s' | null {
  const signature = decode(der)
  if (signature === null) return 'not-der'
  return signature.hasHighS() ? 'high-s' : null
}

function decode(der: Uint8Array): InstanceType<typeof curve.Signature> | null {
  // Two integers of at most 33 bytes.
  if (der.length < 8 || der.length > 72) return null
  try {
    const signature = curve.Signature.fromBytes(der, 'der')
    return equalBytes(signature.toBytes('der'), der) ? signature : null
  } catch {
    return null
  }
}
