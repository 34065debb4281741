import type { Json } from '@lux/crypto'
import type { KeyEvidence } from '../results.ts'

type Attributes = KeyEvidence['attributes']

const kept: Attributes = { TOKEN: true, PRIVATE: true, SENSITIVE: true, EXTRACTABLE: false }

/**
 * The hardened root as it must read back (CEREMONY.md "Keys"). COPYABLE is absent: the copy that ends a trusted
 * window cannot carry it on every token, and MODIFIABLE false stops what it would allow.
 */
const root: Attributes = {
  ...kept,
  ENCRYPT: false,
  DECRYPT: false,
  SIGN: false,
  VERIFY: false,
  DERIVE: false,
  MODIFIABLE: false,
  WRAP: true,
  UNWRAP: true,
  LOCAL: true,
  ALWAYS_SENSITIVE: true,
}

/** A root that never was extractable: no window, no copy. */
const bornClosed: Attributes = { ...root, NEVER_EXTRACTABLE: true }

/**
 * A root where the vendor's tool has put it. What a token says of a key's past, such as LOCAL, is the vendor's affair after a
 * clone; that it is the same key is the possession proof's, and what may be done with it must be as at home.
 */
const { LOCAL: _local, ALWAYS_SENSITIVE: _always, ...replica } = root

/** A key that is made to be wrapped and destroyed in the same step. */
const wrappedOnce: Attributes = {
  TOKEN: false,
  PRIVATE: true,
  SENSITIVE: true,
  LOCAL: true,
  ALWAYS_SENSITIVE: true,
}

const ceremonyKey: Attributes = {
  ...kept,
  SIGN: true,
  LOCAL: true,
  ALWAYS_SENSITIVE: true,
  NEVER_EXTRACTABLE: true,
}

/** Attributes that a key of each use must show, by PKCS#11 name without CKA_. */
export const templates = { root, bornClosed, replica, wrappedOnce, ceremonyKey } as const

/** Bytes of a secret key; a pair's half has no VALUE_LEN. */
const secretBytes: Readonly<Record<string, number>> = { 'AES-128': 16, 'AES-256': 32 }

/**
 * A key of another length than its algorithm's, in words, or null. VALUE_LEN is 0 or absent where a token keeps no length of a
 * key that came in wrapped.
 */
export function lengthFault(algorithm: string, attributes: Attributes): string | null {
  const bytes = secretBytes[algorithm]
  const read: Json | undefined = attributes.VALUE_LEN
  if (bytes === undefined || read === undefined || read === 0 || read === bytes) return null
  return `VALUE_LEN reads ${String(read)}, expected ${bytes}`
}

/** The first attribute that is not as expected, in words, or null. */
export function attributeFault(expected: Attributes, evidence: KeyEvidence): string | null {
  for (const [name, value] of Object.entries(expected)) {
    const read: Json | undefined = evidence.attributes[name]
    if (read !== value)
      return `${name} reads ${read === undefined ? 'nothing' : String(read)}, expected ${String(value)}`
  }
  return null
}
