import { fromBase64, toBase64 } from '../base64.ts'
import { FormatError } from '../format-error.ts'
import { accepted, type Refusal, refuse, type Verdict } from '../outcome.ts'
import { signedMessage } from './context.ts'
import { type SigningIdentity, useSecretKey } from './identity.ts'
import { type Scheme, schemeNames, schemes } from './schemes.ts'
import {
  identityId,
  parseVerificationKeys,
  publicKeyBytes,
  schemesOf,
  type VerificationKeys,
} from './verification-keys.ts'

/**
 * One signature by all keys of one identity, base64: P-256 as strict low-s DER over SHA-256, Ed25519 64 bytes,
 * ML-DSA-65 3309 bytes. `signer` is the identity's id.
 */
export type HybridSignature = {
  readonly signer: string
  readonly p256?: string
  readonly ed25519?: string
  readonly mlDsa65?: string
}

// Base64 of the longest signature, 3309 bytes.
const maxSignatureText = 4412

/** Signs `signedMessage(context, payload)` with every key of the identity. */
export function signWith(identity: SigningIdentity, context: string, payload: Uint8Array): HybridSignature {
  const message = signedMessage(context, payload)
  const parts: { [scheme in Scheme]?: Uint8Array } = {}
  for (const scheme of schemesOf(identity.keys)) {
    parts[scheme] = useSecretKey(identity, scheme, (secretKey) => schemes[scheme].sign(secretKey, message))
  }
  return assembleSignature(identity.keys, parts)
}

/**
 * A hybrid signature whose parts were made in different places (a token signs P-256: give `p256RawToDer` of its
 * answer). Throws RangeError when a part is missing, malformed or not the identity's; does not verify.
 */
export function assembleSignature(
  keys: VerificationKeys,
  parts: { readonly [scheme in Scheme]?: Uint8Array },
): HybridSignature {
  const signature: { signer: string } & { [scheme in Scheme]?: string } = { signer: identityId(keys) }
  for (const scheme of schemeNames) {
    const part = parts[scheme]
    if ((part === undefined) !== (keys[scheme] === undefined)) {
      throw new RangeError(`${scheme}: ${part ? 'the identity has no such key' : 'this part is missing'}`)
    }
    if (part === undefined) continue
    if (schemes[scheme].signatureFault(part) !== null) throw new RangeError(`${scheme}: malformed signature`)
    signature[scheme] = toBase64(part)
  }
  return signature
}

/**
 * Checks that every key of the identity signed this payload in this context, and that nothing else is claimed. Refuses SIGN-01 other
 * signer, SIGN-02 a key did not sign, SIGN-03 a part without a key, SIGN-04 malformed, SIGN-05 high s, SIGN-06 not a signature of these
 * bytes, SIGN-07 the identity's keys are malformed.
 */
export function verifySignature(
  keys: VerificationKeys,
  context: string,
  payload: Uint8Array,
  signature: HybridSignature,
): Verdict {
  const message = signedMessage(context, payload)
  try {
    parseVerificationKeys(keys)
  } catch (error) {
    return refuse('SIGN-07', error instanceof FormatError ? error.detail : 'not verification keys')
  }
  if (signature.signer !== identityId(keys)) return refuse('SIGN-01', 'signed by another identity')
  for (const name of Object.keys(signature)) {
    if (name === 'signer') continue
    const scheme = schemeNames.find((known) => known === name)
    if (!scheme || keys[scheme] === undefined)
      return refuse('SIGN-03', 'a part that the identity has no key for')
  }
  for (const scheme of schemesOf(keys)) {
    const refusal = verifyPart(keys, scheme, message, signature[scheme])
    if (refusal) return refusal
  }
  return accepted
}

function verifyPart(
  keys: VerificationKeys,
  scheme: Scheme,
  message: Uint8Array,
  text: string | undefined,
): Refusal | null {
  if (text === undefined) return refuse('SIGN-02', `the ${scheme} key did not sign`)
  let part: Uint8Array
  try {
    if (text.length > maxSignatureText) return refuse('SIGN-04', `the ${scheme} part is too long`)
    part = fromBase64(text)
  } catch {
    return refuse('SIGN-04', `the ${scheme} part is not base64`)
  }
  const fault = schemes[scheme].signatureFault(part)
  if (fault === 'high-s') return refuse('SIGN-05', `the ${scheme} part has a high s`)
  if (fault === 'malformed') return refuse('SIGN-04', `the ${scheme} part is malformed`)
  if (schemes[scheme].verify(publicKeyBytes(keys, scheme), message, part)) return null
  return refuse('SIGN-06', `the ${scheme} part does not verify`)
}
