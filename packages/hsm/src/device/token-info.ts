import type { CkrCode } from './error.ts'

/** `low`: a wrong PIN was given since the last good one. `final`: the next wrong PIN locks. */
export type PinState = 'ok' | 'low' | 'final' | 'locked' | 'must-change' | 'not-set'

export type UserKind = 'user' | 'so'

/** PIN states after a login, and what the one who logged in would have seen before it: `low` means that somebody tried. */
export type LoginReport = { readonly user: PinState; readonly so: PinState; readonly before: PinState }

/** What a token says that it can do, from its own list of mechanisms; only a probe shows whether it does it rightly. */
export type TokenAbility =
  | 'aes-generate'
  | 'aes-wrap'
  | 'aes-gcm'
  | 'aes-cbc'
  | 'rsa-oaep-wrap'
  | 'rsa-aes-wrap'
  | 'rsa-generate'
  | 'rsa-sign'
  | 'rsa-pss-sign'
  | 'ec-generate'
  | 'ecdsa-sign'
  | 'ecdh-derive'
  | 'ed25519-generate'
  | 'eddsa-sign'
  | 'secret-generate'
  | 'hmac'
  | 'random'

export type TokenInfo = {
  /** The only name that a token cannot share with another: labels can lie. Empty for an uninitialised slot. */
  readonly serial: string
  readonly label: string
  readonly manufacturer: string
  readonly model: string
  readonly firmware: string
  readonly hardware: string
  readonly slot: string
  readonly profile: string
  readonly initialised: boolean
  readonly writeProtected: boolean
  readonly loginRequired: boolean
  /** The PIN is typed at the token or its reader: `logIn` takes `pin: 'pin-pad'`. */
  readonly pinPad: boolean
  readonly pin: { readonly user: PinState; readonly so: PinState }
  readonly loggedIn: UserKind | null
  readonly minPinLength: number
  readonly maxPinLength: number
  /** Read-write sessions that the token allows; null when it sets or tells no limit. */
  readonly maxSessions: number | null
  readonly abilities: readonly TokenAbility[]
}

/**
 * A token that was just initialised. `marksTrusted`: its security officer made a public key that reads back as trusted, which is what a
 * trusted window is made of; that users cannot, the probe shows. Null where its kind has no such window.
 */
export type InitialisedToken = TokenInfo & { readonly marksTrusted: boolean | null }

/** A slot whose token is there and does not say what it is, with its own answer: it may be any token. */
export type UnreadableSlot = {
  readonly slot: string
  readonly code: string
  readonly ckr: CkrCode | null
  readonly detail: string
  readonly remedy: string | null
}

/** One line of the token's own list. Key sizes are as the token gives them: bits for RSA and EC, bytes for AES. */
export type MechanismInfo = {
  readonly number: number
  /** The standard's name, or the number in hex. */
  readonly name: string
  readonly minKeySize: number
  readonly maxKeySize: number
  readonly does: readonly MechanismFunction[]
  /** The token says that it is done in hardware. */
  readonly hardware: boolean
}

export type MechanismFunction =
  | 'encrypt'
  | 'decrypt'
  | 'digest'
  | 'sign'
  | 'verify'
  | 'generate'
  | 'generate-pair'
  | 'wrap'
  | 'unwrap'
  | 'derive'

export type LibraryInfo = {
  readonly path: string
  readonly sha256: string
  readonly manufacturer: string
  readonly description: string
  readonly version: string
  readonly interfaceVersion: string
  /** What C_GetInterfaceList offers (PKCS#11 3.0 and later); empty for a 2.40 library. */
  readonly interfaces: readonly { readonly name: string; readonly version: string }[]
  /** Functions of PKCS#11 3.x that are there and that we use. */
  readonly modernFunctions: readonly ('C_LoginUser' | 'C_SessionCancel')[]
}
