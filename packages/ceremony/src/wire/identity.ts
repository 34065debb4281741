import * as v from 'valibot'
import { base64, digest } from './fields.ts'

/** Public keys of one identity; every key present must sign. base64: SEC1 uncompressed 65 B, 32 B, 1952 B. */
export const verificationKeys = v.pipe(
  v.strictObject({
    p256: v.exactOptional(base64(65, 65)),
    ed25519: v.exactOptional(base64(32, 32)),
    mlDsa65: v.exactOptional(base64(1952, 1952)),
  }),
  v.check((keys) => Object.keys(keys).length > 0, 'holds no key'),
)

/** A ceremony key is hybrid: P-256 or Ed25519, and ML-DSA-65. */
export const ceremonyKeys = v.pipe(
  verificationKeys,
  v.check(
    (keys) => keys.mlDsa65 !== undefined && (keys.p256 === undefined) !== (keys.ed25519 === undefined),
    'expected P-256 or Ed25519, and ML-DSA-65',
  ),
)

/** A receipt or requester key of a server: P-256 in its token. */
export const p256Key = v.strictObject({ p256: base64(65, 65) })

export const hybridSignature = v.strictObject({
  signer: digest,
  p256: v.exactOptional(base64(8, 72)),
  ed25519: v.exactOptional(base64(64, 64)),
  mlDsa65: v.exactOptional(base64(3309, 3309)),
})

/** No set of people is larger than this, so no list of signatures is. */
export const maxSignatures = 64
export const signatures = v.pipe(v.array(hybridSignature), v.maxLength(maxSignatures))
