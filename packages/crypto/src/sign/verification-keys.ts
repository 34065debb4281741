import { fromBase64 } from '../base64.ts'
import { encodeCanonical } from '../canonical-json.ts'
import { FormatError } from '../format-error.ts'
import { sha256Hex } from '../hash.ts'
import { type Scheme, schemeNames, schemes } from './schemes.ts'

/**
 * The public half of one identity, base64: P-256 as 65 bytes of uncompressed SEC1, Ed25519 32 bytes, ML-DSA-65
 * 1952 bytes. An identity signs with all of its keys or not at all.
 */
export type VerificationKeys = {
  readonly p256?: string
  readonly ed25519?: string
  readonly mlDsa65?: string
}

/** Name of an identity: SHA-256 of its keys in RFC 8785 form, 64 hexadecimal digits. */
export function identityId(keys: VerificationKeys): string {
  return sha256Hex(encodeCanonical(keys))
}

/** The schemes an identity has keys for, in the fixed order. */
export function schemesOf(keys: VerificationKeys): Scheme[] {
  return schemeNames.filter((scheme) => keys[scheme] !== undefined)
}

/**
 * Keys read from outside: at least one, no unknown member, strict base64, right length, on the curve and not of
 * small order. Throws FormatError `KEYS-SHAPE` or `KEYS-<SCHEME>`.
 */
export function parseVerificationKeys(value: unknown): VerificationKeys {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new FormatError('KEYS-SHAPE', 'not an object')
  }
  const members = Object.entries(value)
  if (members.length === 0) throw new FormatError('KEYS-SHAPE', 'no key')
  const keys: { [scheme in Scheme]?: string } = {}
  for (const [name, text] of members) {
    const scheme = schemeNames.find((known) => known === name)
    if (!scheme || typeof text !== 'string')
      throw new FormatError('KEYS-SHAPE', 'an unknown or malformed member')
    keys[scheme] = text
    publicKeyBytes(keys, scheme)
  }
  return keys
}

/** Decoded public key of a scheme that the identity has. Throws FormatError `KEYS-<SCHEME>`. */
export function publicKeyBytes(keys: VerificationKeys, scheme: Scheme): Uint8Array {
  const rule = `KEYS-${scheme.toUpperCase()}`
  const text = keys[scheme]
  if (text === undefined) throw new FormatError(rule, 'absent')
  let bytes: Uint8Array
  try {
    bytes = fromBase64(text, schemes[scheme].publicKeyLength)
  } catch {
    throw new FormatError(rule, 'not base64 of the right length')
  }
  if (!schemes[scheme].isPublicKey(bytes)) throw new FormatError(rule, 'not a public key')
  return bytes
}
