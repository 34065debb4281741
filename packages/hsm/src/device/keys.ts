import type { Bytes } from './bytes.ts'
import type { UserKind } from './token-info.ts'

export type KeyClass = 'secret' | 'public' | 'private'

/** A key by its 16-byte CKA_ID as lower-case hex. A second object of the same id and class is refused. */
export type KeyRef = { readonly id: string; readonly class: KeyClass }

export type KeyPairKind = 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'p-256' | 'p-384' | 'p-521' | 'ed25519'

/** What kind of bytes a key is, when it comes in under wrapping: PKCS#8 for the private ones, the value itself else. */
export type KeyKind = 'aes' | 'secret' | 'rsa' | 'ec' | 'ed25519'

/** `wrap` is the token's wrap mechanism as its known answer chose it (KWP, RFC 5649, where the token has it). */
export type MechanismUse =
  | 'wrap'
  | 'gcm'
  | 'cbc'
  | 'cbc-pad'
  | 'oaep'
  | 'ecdsa'
  | 'eddsa'
  | 'ecdh'
  | 'rsa-pkcs1'
  | 'rsa-pss'
  | 'hmac-sha256'
  | 'hmac-sha384'
  | 'hmac-sha512'

/** Every flag is explicit, because tokens default most flags to `true`. */
export type KeyTemplate = {
  /** A token object survives the session; a session object dies with it and is seen by no other process. */
  readonly token: boolean
  readonly sensitive: boolean
  readonly extractable: boolean
  readonly modifiable: boolean
  readonly copyable: boolean
  readonly wrap: boolean
  readonly unwrap: boolean
  readonly encrypt: boolean
  readonly decrypt: boolean
  readonly sign: boolean
  readonly verify: boolean
  readonly derive: boolean
  /** May be wrapped only by a key that the security officer marked as trusted. */
  readonly wrapWithTrusted: boolean
  /** null: no list is set and the token allows every mechanism that the flags allow. */
  readonly allowedMechanisms: readonly MechanismUse[] | null
  /** What this key demands of everything that it unwraps; null demands nothing. */
  readonly unwrapTemplate: UnwrapTemplate | null
  /** What this key demands of everything that it wraps; a private key wraps nothing. Left out: nothing is set. */
  readonly wrapTemplate?: WrapTemplate
  /** Private keys only: the user gives the PIN for every single use (`pin` of sign and decrypt). */
  readonly alwaysAuthenticate?: boolean
}

/** `sensitive`: only keys whose bytes the token never shows. `secret`: of those only the secret keys, not the private ones. */
export type WrapTemplate = 'sensitive' | 'secret'

/** `child-kek`: sensitive, not extractable, may wrap and unwrap. `root`: the root KEK's own hardened template. */
export type UnwrapTemplate = 'child-kek' | 'root'

/** One attribute as it was asked for and as the token says it is. Values: true, false, hex or a decimal number. */
export type AttributeReport = {
  readonly attribute: string
  /** null: not compared, shown only. */
  readonly expected: string | null
  readonly actual: string
  readonly ok: boolean
  /** The token lacks or refused this attribute, and a key of this template does not need it. `actual` has what the token answered. */
  readonly lacking?: true
}

/** The token answered that it lacks the attribute. That is neither a value nor a read failure. */
export function isAbsent(actual: string): boolean {
  return actual === 'unreadable:absent' || actual === 'unreadable:CKR_ATTRIBUTE_TYPE_INVALID'
}

/** An attribute's value, for people. A missing attribute is shown as missing. */
export function sayAttribute(actual: string): string {
  if (actual === '') return 'empty'
  if (isAbsent(actual)) return 'absent: the token does not have this attribute'
  return actual.startsWith('unreadable:') ? `unreadable (${actual.slice('unreadable:'.length)})` : actual
}

export type MadeKey = { readonly ref: KeyRef; readonly attributes: readonly AttributeReport[] }

export type MadeKeyPair = {
  readonly publicKey: KeyRef
  readonly privateKey: KeyRef
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Bytes
  readonly attributes: readonly AttributeReport[]
}

export type InventoryObject = {
  readonly class: KeyClass | 'data' | 'certificate' | 'other'
  /** CKA_ID in hex; empty when absent. */
  readonly id: string
  readonly label: string
  readonly token: boolean
  readonly private: boolean
  readonly trusted: boolean
  readonly keyType: string
  /** Attributes that the token refused to give, by name, with the reason. */
  readonly unreadable: readonly { readonly attribute: string; readonly reason: string }[]
  readonly attributes: Readonly<Record<string, string>>
}

export type Inventory = {
  readonly serial: string
  readonly loggedIn: UserKind | null
  readonly objects: readonly InventoryObject[]
  /** Objects or storage that cannot be read at all, each named. */
  readonly damaged: readonly { readonly name: string; readonly reason: string }[]
}

/** Evidence for adopting a key after a crash, read one attribute at a time. */
export type KeyEvidence = {
  readonly ref: KeyRef
  readonly local: boolean
  /** The token's mechanism name, e.g. CKM_AES_KEY_GEN; empty when unavailable. */
  readonly generatedBy: string
  readonly alwaysSensitive: boolean
  readonly neverExtractable: boolean
  readonly attributes: readonly AttributeReport[]
}
