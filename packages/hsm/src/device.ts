/**
 * What a token can do, in our words. Nothing here names PKCS#11, so that a scripted token, a vendor library and a
 * later remote device look the same to the ceremony engine.
 */
import type { Bytes } from './device/bytes.ts'
import type {
  CommittedRoot,
  GeneratedWrapped,
  KeyPath,
  PossessionProof,
  ProbeReport,
  TrustedWindow,
  WindowDestination,
  WrapMechanism,
  WrapMechanismReport,
  WrappableAlgorithm,
} from './device/custody.ts'
import type {
  AttributeReport,
  Inventory,
  KeyEvidence,
  KeyKind,
  KeyPairKind,
  KeyRef,
  KeyTemplate,
  MadeKey,
  MadeKeyPair,
} from './device/keys.ts'
import type {
  Capability,
  CapabilityTrial,
  CipherMechanism,
  DeriveMechanism,
  HashName,
  KeyWrapMechanism,
  OaepHash,
  Signature,
  SignInput,
  SignMechanism,
} from './device/mechanisms.ts'
import type {
  InitialisedToken,
  LibraryInfo,
  LoginReport,
  MechanismInfo,
  PinState,
  TokenInfo,
  UnreadableSlot,
  UserKind,
} from './device/token-info.ts'

export * from './device/bytes.ts'
export * from './device/custody.ts'
export * from './device/error.ts'
export * from './device/keys.ts'
export * from './device/mechanisms.ts'
export * from './device/token-info.ts'

/** A second key of the id, or that stays on the token with a label of one that stays, is refused; `sameLabel` allows the latter. */
type Named = { id: string; label: string; sameLabel?: boolean }
type Absent = { destroyed: number; absent: true }

/** Every method throws HsmError. PINs and key bytes are wiped by the callee once sent. */
export type Token = {
  readonly serial: string
  info(): Promise<TokenInfo>
  pinState(): Promise<{ user: PinState; so: PinState }>
  mechanisms(): Promise<readonly MechanismInfo[]>
  /** What `capabilities` tries, in its order. */
  trials(): Promise<readonly CapabilityTrial[]>
  /**
   * Tries everything that this interface offers on scratch keys that are gone after it; needs the user. `only`: one of them. Errors:
   * those of a token or session that is gone; no other failure of a trial is one.
   * `sessionOnly`: nothing that needs a key which stays on the token until it is destroyed.
   */
  capabilities(options?: { only?: CapabilityTrial; sessionOnly?: boolean }): Promise<readonly Capability[]>
  /** Erases the token and gives it PINs; one that is initialised once and was interrupted (HSM-TOKEN-UNFINISHED) gets the PINs that are missing, under its own label. On `hsm.token('new')` it takes a free slot, or the one that `slot` names (TokenInfo's) and
   * refuses HSM-SLOT-NOT-BLANK where no uninitialised token is in it; the answer holds the new serial. `pin-pad`: both PINs are chosen at the token, one after the other. Erasing spends a try of the SO PIN: `acceptFinalTry`
   * as in `logIn`. The label of another token is refused unless `sameLabel`. */
  initialise(
    options: { label: string; slot?: string; acceptFinalTry?: boolean; sameLabel?: boolean } & (
      | { soPin: Bytes; userPin: Bytes }
      | { soPin: 'pin-pad'; userPin: 'pin-pad' }
    ),
  ): Promise<InitialisedToken>
  /**
   * One try: a wrong PIN is never sent again by us. At `final` it refuses unless `acceptFinalTry`. `pin-pad`: the PIN is
   * typed at the token, once, within `padDeadlineMs`. `keepPin`: the host holds the PIN until logout, for one new login per session that the token
   * loses. `name`: a named user, PKCS#11 3.0.
   */
  logIn(options: {
    user: UserKind
    pin: Bytes | 'pin-pad'
    acceptFinalTry?: boolean
    keepPin?: boolean
    name?: string
  }): Promise<LoginReport>
  logOut(): Promise<void>
  /** Whoever is logged in, or where nobody is the user: an expired PIN lets nobody log in. The present one is a try, and at `final` it is not sent. */
  changePin(
    options: { user: UserKind; oldPin: Bytes; newPin: Bytes } | { user: UserKind; pinPad: true },
  ): Promise<void>
  /** The security officer, logged in, gives the user a new PIN; `pinPad`: chosen at the token. */
  resetUserPin(options: { newPin: Bytes } | { pinPad: true }): Promise<void>
  inventory(): Promise<Inventory>
  /** Every object with this id, token and session, with evidence. `template` compares each attribute. */
  findById(id: string, template?: KeyTemplate): Promise<readonly KeyEvidence[]>
  readAttributes(ref: KeyRef): Promise<readonly AttributeReport[]>

  generateAes(options: Named & { bits: 128 | 256; template: KeyTemplate }): Promise<MadeKey>
  /** 32 bytes for HMAC-SHA-256 unless said. */
  generateHmac(options: Named & { template: KeyTemplate; bytes?: number }): Promise<MadeKey>
  /** A generic secret of 1 to 512 bytes. */
  generateSecret(options: Named & { bytes: number; template: KeyTemplate }): Promise<MadeKey>
  generateKeyPair(options: Named & { kind: KeyPairKind; template: KeyTemplate }): Promise<MadeKeyPair>
  importPublicKey(options: Named & { spki: Bytes; token: boolean }): Promise<KeyRef>
  publicKeySpki(ref: KeyRef): Promise<Bytes>

  chooseWrapMechanism(): Promise<WrapMechanismReport>
  /** Wraps an extractable key under a KEK by the proved mechanism. */
  wrap(options: { kek: KeyPath; key: KeyRef }): Promise<{ wrapped: Bytes; mechanism: WrapMechanism }>
  /** Unwraps a KEK as a session object that is sensitive, not extractable, and may wrap and unwrap. */
  unwrap(
    options: Named & { kek: KeyPath; wrapped: Bytes; bits: 128 | 256; template?: KeyTemplate },
  ): Promise<MadeKey>
  /** The bytes of a wrapped key, for the server's worker memory. Refused under a KEK whose unwrap template forbids it (root). */
  unwrapToMemory(options: { kek: KeyPath; wrapped: Bytes; kind?: 'aes' | 'hmac' }): Promise<Bytes>
  /** Wraps any extractable key by any mechanism that the token has. */
  wrapKey(options: { by: KeyRef; mechanism: KeyWrapMechanism; key: KeyRef }): Promise<Bytes>
  unwrapKey(
    options: Named & {
      by: KeyRef
      mechanism: KeyWrapMechanism
      wrapped: Bytes
      kind: KeyKind
      template: KeyTemplate
    },
  ): Promise<MadeKey>
  /**
   * Takes a key from outside: it is wrapped to a pair that the token makes for this one call, so that the library and the
   * bus see no plain key. `value` is the key's bytes, PKCS#8 for the private kinds. LOCAL will be false, and that is true.
   */
  importUnderWrapping(
    options: Named & { kind: KeyKind; value: Bytes; template: KeyTemplate },
  ): Promise<MadeKey>

  encryptGcm(options: { key: KeyRef; nonce: Bytes; aad: Bytes; plaintext: Bytes }): Promise<Bytes>
  decryptGcm(options: { key: KeyRef; nonce: Bytes; aad: Bytes; ciphertext: Bytes }): Promise<Bytes>
  encrypt(options: { key: KeyRef; mechanism: CipherMechanism; plaintext: Bytes }): Promise<Bytes>
  decrypt(options: {
    key: KeyRef
    mechanism: CipherMechanism
    ciphertext: Bytes
    pin?: Bytes | 'pin-pad'
    acceptFinalTry?: boolean
  }): Promise<Bytes>
  /** Raw r || s over a 32-byte SHA-256 (P-256) or 48-byte SHA-384 (P-384) digest. */
  signEcdsa(options: { key: KeyRef; digest: Bytes }): Promise<Bytes>
  /** `pin`: for a key that asks for it at every use; `pin-pad`: at the token's own pad. Each use is a try, as in `logIn`. */
  sign(options: {
    key: KeyRef
    mechanism: SignMechanism
    input: SignInput
    pin?: Bytes | 'pin-pad'
    acceptFinalTry?: boolean
  }): Promise<Signature>
  verify(options: {
    key: KeyRef
    mechanism: SignMechanism
    input: SignInput
    signature: Bytes
  }): Promise<boolean>
  hmac(options: { key: KeyRef; message: Bytes; hash?: Exclude<HashName, 'sha1'> }): Promise<Bytes>
  /** Makes a secret from a key that may derive; `bytes` long, `kind` secret or aes. */
  derive(
    options: Named & {
      key: KeyRef
      mechanism: DeriveMechanism
      kind: 'secret' | 'aes'
      bytes: number
      template: KeyTemplate
    },
  ): Promise<MadeKey>
  random(length: number): Promise<Bytes>
  /** Destroys the one object of this ref, then looks again. HSM-DUPLICATE-ID, and nothing destroyed, where there are more. */
  destroy(ref: KeyRef): Promise<Absent>

  probe(): Promise<ProbeReport>
  possessionDigest(options: { kek: KeyPath; challenge: Bytes }): Promise<PossessionProof>
  /** Makes a key as an extractable session object, wraps it under the parent, destroys it: one step, nothing left behind. */
  generateWrapped(options: { parent: KeyPath; algorithm: WrappableAlgorithm }): Promise<GeneratedWrapped>

  // One root in several tokens. Source token: the security officer imports, the user opens, then commits or abandons.
  importTrustedDestinations(options: {
    destinations: readonly WindowDestination[]
  }): Promise<readonly KeyRef[]>
  openTrustedWindow(options: {
    ckaId: string
    label: string
    sameLabel?: boolean
    destinations: readonly WindowDestination[]
    challenge?: Bytes
  }): Promise<TrustedWindow>
  commitTrustedWindow(): Promise<CommittedRoot>
  abandonTrustedWindow(): Promise<void>
  destroyTransportKeys(options: { ids: readonly string[] }): Promise<Absent>
  // Destination token.
  createTransportPair(options: Named): Promise<MadeKeyPair>
  unwrapRoot(options: {
    transportId: string
    ckaId: string
    label: string
    sameLabel?: boolean
    wrapped: Bytes
    /** As the blob says; SHA-1 where it says nothing. */
    oaepHash?: OaepHash
  }): Promise<MadeKey>
  destroyTransportPair(options: { id: string }): Promise<Absent>
}

export type HsmRestart = {
  readonly generation: number
  /** `cancelled`: a PIN entry at a pad was given up. */
  readonly reason: 'crashed' | 'timeout' | 'cancelled'
  readonly detail: string
}

/** Serials; an uninitialised token has none and counts as its slot, `slot:7`. `changed`: PIN state, label or flags. */
export type TokensChange = {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
  readonly tokens: readonly TokenInfo[]
  /** A slot that cannot be read any more, or can again, is a change as well. */
  readonly unreadable: readonly UnreadableSlot[]
}

export type Hsm = {
  /** Counts hosts: 1 for the first. A token handle of an older generation has lost its login and its session keys. */
  readonly generation: number
  readonly library: LibraryInfo
  /** The host's process id, or null while it is being restarted. */
  readonly pid: number | null
  readonly state: 'ready' | 'restarting' | 'broken' | 'closed'
  onRestart(listener: (restart: HsmRestart) => void): () => void
  /** Told after tokens came, went or changed. The library is asked every `pollMs` while somebody listens and it is idle. */
  onTokensChanged(listener: (change: TokensChange) => void): () => void
  /** While somebody types at a token's pad the library can answer nothing: then the list is the last one that it gave. */
  tokens(): Promise<readonly TokenInfo[]>
  /** What the last `tokens()` could not read: "no token" may be said only where this is empty too. */
  readonly unreadable: readonly UnreadableSlot[]
  /** Milliseconds that a person has at a token's own pad. */
  readonly padDeadlineMs: number
  /**
   * Gives up the PIN entry at a pad: it fails as HSM-PAD-CANCELLED. PKCS#11 has no call that ends it, so the host is ended
   * and started anew, and every login of this library is gone. False where nobody is asked at a pad.
   */
  cancelPadEntry(): boolean
  /** What its host was given to read its configuration from. */
  readonly environment: Readonly<Record<string, string>>
  /**
   * A second host of the same library with the same options: it starts afresh, so it sees what other programs did to the
   * tokens, and its log-ins leave ours alone. Close it.
   */
  beside(): Promise<Hsm>
  /** By serial, or `new` for a free slot that only `initialise` accepts. Does not check that the token is there. */
  token(serial: string): Token
  /** The initialised token of this label. HSM-TOKEN-AMBIGUOUS names the serials where several have it. */
  labelled(label: string): Promise<Token>
  close(): Promise<void>
}
