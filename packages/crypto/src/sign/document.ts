import { encodeCanonical, type Json, parseCanonical } from '../canonical-json.ts'
import { FormatError } from '../format-error.ts'
import { type Refusal, refuse } from '../outcome.ts'
import { type HybridSignature, signWith, verifySignature } from './hybrid.ts'
import type { SigningIdentity } from './identity.ts'
import { schemeNames } from './schemes.ts'
import { identityId, type VerificationKeys } from './verification-keys.ts'

/** A payload and the signatures over its RFC 8785 bytes. */
export type SignedDocument = { readonly payload: Json; readonly signatures: readonly HybridSignature[] }

/** At most so many people sign one document. */
const maxSignatures = 64

/** Signs a payload by each identity, in their order. */
export function signDocument(
  identities: readonly SigningIdentity[],
  context: string,
  payload: Json,
): SignedDocument {
  const bytes = encodeCanonical(payload)
  return { payload, signatures: identities.map((identity) => signWith(identity, context, bytes)) }
}

/** The document with one more signature, unverified. */
export function withSignature(document: SignedDocument, signature: HybridSignature): SignedDocument {
  return { payload: document.payload, signatures: [...document.signatures, signature] }
}

/**
 * Whether at least `threshold` (default: all) of the known signers signed. Every signature must verify: one that is
 * unknown, duplicate or invalid refuses the document whatever the others are. Refused by DOC-01 too few,
 * DOC-02 signed twice by one identity, DOC-03 unknown signer, DOC-04 too many signatures, or SIGN-02 to SIGN-07.
 */
export function verifyDocument(
  document: SignedDocument,
  context: string,
  known: readonly VerificationKeys[],
  threshold: number = known.length,
): { readonly ok: true; readonly signers: readonly string[] } | Refusal {
  if (!Number.isSafeInteger(threshold) || threshold < 1 || threshold > known.length) {
    throw new RangeError(`threshold: expected 1 to ${known.length}, got ${threshold}`)
  }
  if (document.signatures.length > maxSignatures) {
    return refuse('DOC-04', `${document.signatures.length} signatures, at most ${maxSignatures} are taken`)
  }
  const byId = new Map(known.map((keys) => [identityId(keys), keys]))
  const bytes = encodeCanonical(document.payload)
  const signers: string[] = []
  for (const signature of document.signatures) {
    const keys = byId.get(signature.signer)
    if (!keys) return refuse('DOC-03', `unknown signer ${signature.signer.slice(0, 16)}`)
    if (signers.includes(signature.signer)) {
      return refuse('DOC-02', `signed twice by ${signature.signer.slice(0, 16)}`)
    }
    const verdict = verifySignature(keys, context, bytes, signature)
    if (!verdict.ok) return verdict
    signers.push(signature.signer)
  }
  if (signers.length < threshold) return refuse('DOC-01', `${signers.length} of ${threshold} have signed`)
  return { ok: true, signers }
}

/** Canonical bytes of a signed document. */
export function encodeDocument(document: SignedDocument): Uint8Array {
  return encodeCanonical(document)
}

/** The document of canonical bytes, shape checked, signatures not verified. Throws FormatError, `DOC-SHAPE` or JSON-…. */
export function parseDocument(
  bytes: Uint8Array,
  { maxBytes }: { readonly maxBytes: number },
): SignedDocument {
  return toDocument(parseCanonical(bytes, { maxBytes }))
}

/** A signed document out of parsed JSON. Throws FormatError `DOC-SHAPE`. */
export function toDocument(value: Json): SignedDocument {
  const { payload, signatures, ...rest } = toMembers(value)
  if (payload === undefined || !Array.isArray(signatures) || Object.keys(rest).length > 0) {
    throw new FormatError('DOC-SHAPE', 'expected payload and signatures, nothing else')
  }
  return { payload, signatures: signatures.map(toSignature) }
}

/** A hybrid signature out of parsed JSON. Throws FormatError `DOC-SHAPE`. */
function toSignature(value: Json): HybridSignature {
  const { signer, ...parts } = toMembers(value)
  if (typeof signer !== 'string' || !/^[0-9a-f]{64}$/.test(signer)) {
    throw new FormatError('DOC-SHAPE', 'signer is not 64 hexadecimal digits')
  }
  const signature: { signer: string; p256?: string; ed25519?: string; mlDsa65?: string } = { signer }
  for (const [name, text] of Object.entries(parts)) {
    const scheme = schemeNames.find((known) => known === name)
    if (!scheme || typeof text !== 'string')
      throw new FormatError('DOC-SHAPE', 'an unknown or malformed signature part')
    signature[scheme] = text
  }
  return signature
}

function toMembers(value: Json): { readonly [key: string]: Json | undefined } {
  if (typeof value !== 'object' || value === null || isArray(value)) {
    throw new FormatError('DOC-SHAPE', 'not an object')
  }
  return value
}

// Array.isArray does not narrow a readonly array out of a union.
function isArray(value: readonly Json[] | { readonly [key: string]: Json }): value is readonly Json[] {
  return Array.isArray(value)
}
