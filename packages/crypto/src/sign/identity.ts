import { fromBase64, toBase64 } from '../base64.ts'
import { wipe } from '../bytes.ts'
import { encodeCanonical, type Json, parseCanonical } from '../canonical-json.ts'
import { FormatError } from '../format-error.ts'
import type { Entropy } from '../random.ts'
import { Secret } from '../secret.ts'
import { type Scheme, schemeNames, schemes, secretKeyLength } from './schemes.ts'
import { identityId, schemesOf, type VerificationKeys } from './verification-keys.ts'

/**
 * A signer that holds its secret keys here. `secret` is one 32-byte key per scheme of `keys`, in the order p256,
 * ed25519, mlDsa65; disposing of it ends the identity.
 */
export type SigningIdentity = {
  readonly id: string
  readonly keys: VerificationKeys
  readonly secret: Secret
}

/** A new identity with one key per named scheme. Throws RangeError on none or on a scheme named twice. */
export function generateIdentity(entropy: Entropy, algorithms: readonly Scheme[]): SigningIdentity {
  const wanted = schemeNames.filter((scheme) => algorithms.includes(scheme))
  if (wanted.length === 0 || wanted.length !== algorithms.length) {
    throw new RangeError('algorithms: expected one or more different schemes')
  }
  return fromSecretKeys(
    wanted,
    wanted.map((scheme) => schemes[scheme].generate(entropy)),
  )
}

/**
 * The secret half as canonical JSON { v, p256?, ed25519?, mlDsa65? }, base64 of 32 bytes each, for a sealed file.
 * The caller wipes the bytes; the strings they came from cannot be wiped.
 */
export function exportIdentity(identity: SigningIdentity): Uint8Array {
  const members = schemesOf(identity.keys).map((scheme): [string, Json] => [
    scheme,
    useSecretKey(identity, scheme, toBase64),
  ])
  return encodeCanonical({ v: 1, ...Object.fromEntries(members) })
}

/** The identity of exported bytes. Throws FormatError `IDENTITY-SHAPE` or a rule of the canonical parser. */
export function importIdentity(bytes: Uint8Array): SigningIdentity {
  const value = parseCanonical(bytes, { maxBytes: 1024 })
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw malformed('not an object')
  const present: Scheme[] = []
  const secretKeys: Uint8Array[] = []
  for (const [name, member] of Object.entries(value)) {
    if (name === 'v') continue
    const scheme = schemeNames.find((known) => known === name)
    if (!scheme || typeof member !== 'string') throw malformed('an unknown or malformed member')
    present.push(scheme)
  }
  const members = new Map<string, Json>(Object.entries(value))
  if (members.get('v') !== 1) throw malformed('v is not 1')
  if (present.length === 0) throw malformed('no key')
  const ordered = schemeNames.filter((scheme) => present.includes(scheme))
  for (const scheme of ordered) secretKeys.push(fromBase64(String(members.get(scheme)), secretKeyLength))
  try {
    return fromSecretKeys(ordered, secretKeys)
  } catch {
    throw malformed('a secret key is out of range')
  }
}

/** Lends the 32-byte secret key of one scheme. Throws when the identity has none. */
export function useSecretKey<Result>(
  identity: SigningIdentity,
  scheme: Scheme,
  borrow: (secretKey: Uint8Array) => Result,
): Result {
  const index = schemesOf(identity.keys).indexOf(scheme)
  if (index < 0) throw new RangeError(`scheme: the identity has no ${scheme} key`)
  return identity.secret.use((all) =>
    borrow(all.subarray(index * secretKeyLength, (index + 1) * secretKeyLength)),
  )
}

function fromSecretKeys(wanted: readonly Scheme[], secretKeys: readonly Uint8Array[]): SigningIdentity {
  const all = new Uint8Array(wanted.length * secretKeyLength)
  const keys: { [scheme in Scheme]?: string } = {}
  for (const [index, scheme] of wanted.entries()) {
    const secretKey = secretKeys[index]
    if (secretKey?.length !== secretKeyLength)
      throw new RangeError(`${scheme}: expected ${secretKeyLength} bytes`)
    keys[scheme] = toBase64(schemes[scheme].publicKey(secretKey))
    all.set(secretKey, index * secretKeyLength)
    wipe(secretKey)
  }
  return { id: identityId(keys), keys, secret: Secret.take(all) }
}

function malformed(detail: string): FormatError {
  return new FormatError('IDENTITY-SHAPE', detail)
}
