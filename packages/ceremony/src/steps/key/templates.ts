import type { Json } from '@lux/crypto'
import type { KeyEvidence } from '../../model/effects.ts'

/** By attribute, the one value that it must read, or the form of it where tokens differ in the name. */
export type Template = Readonly<Record<string, boolean | string | RegExp>>

const kept: Template = { TOKEN: true, PRIVATE: true, SENSITIVE: true, EXTRACTABLE: false }

/** What the root demands of every key that it unwraps, as the token driver words it: without it children come back in the clear. */
export const childTemplate =
  'CLASS=SECRET_KEY DECRYPT=false DERIVE=false ENCRYPT=false EXTRACTABLE=false KEY_TYPE=AES MODIFIABLE=false ' +
  'PRIVATE=true SENSITIVE=true SIGN=false TOKEN=false VERIFY=false'

/** Exactly one mechanism: a key wrap by its PKCS#11 name, or a vendor's own number. */
const oneWrapMechanism = /^(CKM_AES_KEY_WRAP(_PAD|_KWP)?|0x[89A-F][0-9A-F]{7})$/

/**
 * The hardened root as it must read back (CEREMONY.md "Keys"). COPYABLE is absent: the copy that ends a trusted
 * window cannot carry it on every token, and MODIFIABLE false stops what it would allow. WRAP_WITH_TRUSTED is absent: it is
 * true of a root that came through a window and false of any other, and says nothing of a key that may not be extracted.
 */
const root: Template = {
  ...kept,
  ENCRYPT: false,
  DECRYPT: false,
  SIGN: false,
  VERIFY: false,
  DERIVE: false,
  MODIFIABLE: false,
  WRAP: true,
  UNWRAP: true,
  ALLOWED_MECHANISMS: oneWrapMechanism,
  UNWRAP_TEMPLATE: childTemplate,
  LOCAL: true,
  ALWAYS_SENSITIVE: true,
}

/** A root that never was extractable: no window, no copy. */
const bornClosed: Template = { ...root, NEVER_EXTRACTABLE: true }

/**
 * A root where the vendor's tool has put it. What a token says of a key's past, such as LOCAL, is the vendor's affair after a
 * clone; that it is the same key is the possession proof's, and what may be done with it must be as at home.
 */
const { LOCAL: _local, ALWAYS_SENSITIVE: _always, ...replica } = root

/** A key that is made to be wrapped and destroyed in the same step: it can do nothing else meanwhile. */
const wrappedOnce: Template = {
  TOKEN: false,
  PRIVATE: true,
  SENSITIVE: true,
  EXTRACTABLE: true,
  WRAP_WITH_TRUSTED: false,
  UNWRAP: false,
  DECRYPT: false,
  SIGN: false,
  DERIVE: false,
  MODIFIABLE: false,
  COPYABLE: false,
  LOCAL: true,
  ALWAYS_SENSITIVE: true,
}

/** The same of a secret key, which has uses that a private key lacks: an organisation's, a project's, an AES data key. */
const wrappedSecret: Template = { ...wrappedOnce, WRAP: false, ENCRYPT: false, VERIFY: false }

const ceremonyKey: Template = {
  ...kept,
  SIGN: true,
  LOCAL: true,
  ALWAYS_SENSITIVE: true,
  NEVER_EXTRACTABLE: true,
}

/** Attributes that a key of each use must show, by PKCS#11 name without CKA_. */
export const templates = { root, bornClosed, replica, wrappedOnce, wrappedSecret, ceremonyKey } as const

/** Bytes of a secret key; a pair's half has no VALUE_LEN. */
const secretBytes: Readonly<Record<string, number>> = { 'AES-128': 16, 'AES-256': 32 }

/**
 * A key of another length than its algorithm's, in words, or null. VALUE_LEN is 0 or absent where a token keeps no length of a
 * key that came in wrapped.
 */
export function lengthFault(algorithm: string, attributes: KeyEvidence['attributes']): string | null {
  const bytes = secretBytes[algorithm]
  const read: Json | undefined = attributes.VALUE_LEN
  if (bytes === undefined || read === undefined || read === 0 || read === bytes) return null
  return `VALUE_LEN reads ${String(read)}, expected ${bytes}`
}

/** An attribute that the token does not have is told as such. */
function said(read: Json | undefined): string {
  if (read === undefined || read === '') return 'nothing'
  return /^unreadable:(absent|CKR_ATTRIBUTE_TYPE_INVALID)$/.test(String(read))
    ? 'nothing: the token does not have this attribute'
    : String(read)
}

/** The first attribute that is not as expected, in words, or null. */
export function attributeFault(expected: Template, evidence: Pick<KeyEvidence, 'attributes'>): string | null {
  for (const [name, value] of Object.entries(expected)) {
    const read: Json | undefined = evidence.attributes[name]
    const same = value instanceof RegExp ? typeof read === 'string' && value.test(read) : read === value
    if (same) continue
    const wanted = value instanceof RegExp ? 'one key wrap mechanism' : String(value)
    return `${name} reads ${said(read)}, expected ${wanted}`
  }
  return null
}
