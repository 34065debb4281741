/**
 * What a token can do, in our own terms. Nothing here names PKCS#11, so a scripted token, a vendor library and a later remote device look
 * the same to the ceremony engine.
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

/** Refuses a second key of the same id. Refuses a second token key of the same label too, unless `sameLabel`. */
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
   * Tries everything that this interface offers, on scratch keys that it destroys. The user has to be logged in. `only`: one trial. A trial
   * that fails is a result; only a lost token or session is an error.
   * `sessionOnly`: nothing that needs a key which stays on the token until it is destroyed.
   */
  capabilities(options?: { only?: CapabilityTrial; sessionOnly?: boolean }): Promise<readonly Capability[]>
  /**
   * Erases the token and sets both PINs. A token that can be initialised only once, and was interrupted (HSM-TOKEN-UNFINISHED), gets the
   * missing PINs under its own label. `hsm.token('new')` takes a free slot, or the one that `slot` names, and the answer has the new
   * serial. Refuses HSM-SLOT-NOT-BLANK where no uninitialised token is in it. `pin-pad`: both PINs are chosen at the token, one after the
   * other. Erasing spends a try of the SO PIN: `acceptFinalTry` as in `logIn`. Another token's label is refused unless `sameLabel`.
   */
  initialise(
    options: { label: string; slot?: string; acceptFinalTry?: boolean; sameLabel?: boolean } & (
      | { soPin: Bytes; userPin: Bytes }
      | { soPin: 'pin-pad'; userPin: 'pin-pad' }
    ),
  ): Promise<InitialisedToken>
  /**
   * One try: the driver never sends a wrong PIN again. At `final` it refuses unless `acceptFinalTry`. `pin-pad`: the PIN is typed at the
   * token, once, within `padDeadlineMs`. `keepPin`: the host holds the PIN until logout, for one new login per session that the token
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
  /**
   * Changes the PIN of whoever is logged in, or of the user where nobody is, because an expired PIN allows no login. The present PIN is a
   * try, and is not sent at `final`.
   */
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
   * Imports a key. It is wrapped to a pair that the token makes for this one call, so library and bus never see the key unwrapped. `value`:
   * the key's bytes, PKCS#8 for private kinds. The token then says LOCAL false, rightly.
   */
  importUnderWrapping(
    options: Named & { kind: KeyKind; value: Bytes; template: KeyTemplate },
  ): Promise<MadeKey>

  encryptGcm(options: { key: KeyRef; nonce: Bytes; aad: Bytes; plaintext: Bytes }): Promise<Bytes>
  /** Of a small secret. `nonce`: the one that was used, which some tokens make themselves, of 12 bytes or 16. */
  sealGcm(options: {
    key: KeyRef
    nonce: Bytes
    aad: Bytes
    plaintext: Bytes
  }): Promise<{ nonce: Bytes; ciphertext: Bytes }>
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
    /** The hash that the blob names. SHA-1 where it names none. */
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
  /** A slot that became unreadable, or readable again, is a change too. */
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
  /** The library answers nothing while somebody types at a token's pad. Then this is its last list. */
  tokens(): Promise<readonly TokenInfo[]>
  /** The slots that the last `tokens()` could not read. "No token" may be said only where this is empty too. */
  readonly unreadable: readonly UnreadableSlot[]
  /** Where the last `tokens()` had none: what of the library and its settings may be why, each a clause. */
  readonly whyNone: readonly string[]
  /** Milliseconds that a person has at a token's own pad. */
  readonly padDeadlineMs: number
  /**
   * Ends a PIN entry at a pad, which fails as HSM-PAD-CANCELLED. PKCS#11 has no call for that, so the host is restarted, and every login of
   * this library is gone. False where nobody is asked at a pad.
   */
  cancelPadEntry(): boolean
  /** The configuration that its host was given. */
  readonly environment: Readonly<Record<string, string>>
  /**
   * A second host of the same library and options. It starts afresh, so it sees what other programs did to the tokens and leaves our logins
   * alone. The caller closes it.
   */
  beside(): Promise<Hsm>
  /** By serial, or `new` for a free slot that only `initialise` accepts. Does not check that the token is there. */
  token(serial: string): Token
  /** The initialised token of this label. HSM-TOKEN-AMBIGUOUS names the serials where several have it. */
  labelled(label: string): Promise<Token>
  close(): Promise<void>
}
