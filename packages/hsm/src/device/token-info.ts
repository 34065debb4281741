import type { CkrCode } from './error.ts'

/** `low`: a wrong PIN was given since the last good one. `final`: the next wrong PIN locks. */
export type PinState = 'ok' | 'low' | 'final' | 'locked' | 'must-change' | 'not-set'

export type UserKind = 'user' | 'so'

/** PIN states after a login, and the state before it: `low` means that somebody tried. */
export type LoginReport = { readonly user: PinState; readonly so: PinState; readonly before: PinState }

/** What a token claims to do, by its own list of mechanisms. Only a probe shows whether it does it rightly. */
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
  /** The only name that no two tokens share, because anybody can copy a label. Empty for an uninitialised slot. */
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
  /** How many read-write sessions the token allows. Null: no limit, or none told. */
  readonly maxSessions: number | null
  readonly abilities: readonly TokenAbility[]
}

/**
 * A token that was just initialised. `marksTrusted`: its security officer could make a public key that reads back as trusted, which a
 * trusted window needs. The probe shows that users cannot. Null where this kind of token has no such window.
 */
export type InitialisedToken = TokenInfo & { readonly marksTrusted: boolean | null }

/** A slot whose token is present but unreadable, with the token's answer. It may be any token. */
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
  /** The token claims that hardware does it. */
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
