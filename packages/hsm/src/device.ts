/**
 * What a token can do, in our words. Nothing here names PKCS#11, so that a scripted token, a vendor library and a
 * later remote device look the same to the ceremony engine.
 */

export type Bytes = Uint8Array<ArrayBufferLike>

/** `low`: a wrong PIN was given since the last good one. `final`: the next wrong PIN locks. */
export type PinState = 'ok' | 'low' | 'final' | 'locked' | 'must-change' | 'not-set'

export type UserKind = 'user' | 'so'

/** What a token says that it can do, from its own list of mechanisms; only a probe shows whether it does it rightly. */
export type TokenAbility =
  | 'aes-generate'
  | 'aes-wrap'
  | 'aes-gcm'
  | 'rsa-oaep-wrap'
  | 'rsa-generate'
  | 'ec-generate'
  | 'ecdsa-sign'
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
  readonly pin: { readonly user: PinState; readonly so: PinState }
  readonly loggedIn: UserKind | null
  readonly minPinLength: number
  readonly maxPinLength: number
  readonly abilities: readonly TokenAbility[]
}

export type KeyClass = 'secret' | 'public' | 'private'

/** A key by its 16-byte CKA_ID as lower-case hex. A second object of the same id and class is refused. */
export type KeyRef = { readonly id: string; readonly class: KeyClass }

export type KeyPairKind = 'rsa-2048' | 'rsa-3072' | 'rsa-4096' | 'p-256' | 'p-384'

/** `wrap` is the token's wrap mechanism as its known answer chose it (KWP, RFC 5649, where the token has it). */
export type MechanismUse = 'wrap' | 'gcm' | 'oaep' | 'ecdsa' | 'rsa-pkcs1' | 'rsa-pss' | 'hmac-sha256'

/** Every flag is explicit: an unset one would get the token's default, which is `true` for most. */
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
}

/** `child-kek`: sensitive, not extractable, may wrap and unwrap. `root`: the root KEK's own hardened template. */
export type UnwrapTemplate = 'child-kek' | 'root'

/** One attribute as it was asked for and as the token says it is. Values: true, false, hex or a decimal number. */
export type AttributeReport = {
  readonly attribute: string
  /** null: not compared, shown only. */
  readonly expected: string | null
  readonly actual: string
  readonly ok: boolean
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

/** A KEK on its way down: each blob is wrapped under the one before it, the first under the token key. */
export type WrappedKek = { readonly wrapped: Bytes; readonly bits: 128 | 256 }

/** A key that is in the token, or one reached through wrapped KEKs that are unwrapped as session objects and destroyed after. */
export type KeyPath = { readonly id: string; readonly chain?: readonly WrappedKek[] }

export type WrappableAlgorithm =
  | 'aes-128'
  | 'aes-256'
  | 'aes-128-gcm'
  | 'aes-256-gcm'
  | 'rsa-2048'
  | 'rsa-4096'
  | 'p-256'
  | 'p-384'
  | 'hmac-sha256'

export type GeneratedWrapped = {
  /** KWP blob. Of a key pair it holds the PKCS#8 private key: cut at its DER length, zeros may follow (`exactLengths`). */
  readonly wrapped: Bytes
  readonly mechanism: WrapMechanism
  readonly algorithm: WrappableAlgorithm
  /** DER SubjectPublicKeyInfo of a key pair, else null. */
  readonly spki: Bytes | null
  readonly attributes: readonly AttributeReport[]
}

/** A wrap mechanism proved by known answer: the standard that it follows and the number that this token gives it. */
export type WrapMechanism = {
  readonly standard: 'KWP-RFC5649' | 'KW-RFC3394'
  readonly name: string
  readonly number: number
  /** False: a key that is no whole number of 8-byte blocks (a PKCS#8 key) comes back with zeros after its DER end. */
  readonly exactLengths: boolean
}

export type WrapMechanismReport = {
  readonly chosen: WrapMechanism | null
  readonly tried: readonly { readonly name: string; readonly number: number; readonly result: string }[]
}

export type PossessionProof = { readonly digest: string; readonly mechanism: WrapMechanism }

export type WindowDestination = { readonly id: string; readonly label: string; readonly spki: Bytes }

export type OaepHash = 'sha1' | 'sha256'

export type TrustedWindow = {
  readonly blobs: readonly {
    readonly destination: string
    readonly wrapped: Bytes
    readonly oaepHash: OaepHash
  }[]
  /** The open session key's attributes. */
  readonly attributes: readonly AttributeReport[]
  readonly trusted: readonly string[]
  readonly possession: PossessionProof | null
}

export type CommittedRoot = MadeKey & { readonly inventory: Inventory }

export type ProbeAttack = {
  readonly name: ProbeAttackName
  readonly template: 'hardened' | 'default'
  /** `held`: the token refused. `broken`: the attack gave key bytes or a weaker key. */
  readonly outcome: 'held' | 'broken' | 'not-applicable'
  readonly detail: string
}

export type ProbeAttackName =
  | 'wrap-then-decrypt'
  | 'reimport-extractable'
  | 'copy-escalate'
  | 'flip-attributes'
  | 'silent-unwrap'
  | 'mechanism-confusion'

export type ProbeReport = {
  readonly serial: string
  readonly profile: string
  readonly attacks: readonly ProbeAttack[]
  readonly knownAnswers: WrapMechanismReport
  /** True when every attack on the hardened template was held and a wrap mechanism was proved. */
  readonly passed: boolean
  readonly lacking: readonly string[]
}

export type VerifyMechanism = 'ecdsa' | 'rsa-pkcs1-sha256' | 'rsa-pss-sha256'

/** Every method throws HsmError. PINs are wiped by the callee once sent. */
export type Token = {
  readonly serial: string
  info(): Promise<TokenInfo>
  pinState(): Promise<{ user: PinState; so: PinState }>
  /** Erases the token and gives it PINs. On `hsm.token('new')` it takes a free slot; the answer holds the new serial. */
  initialise(options: { label: string; soPin: Bytes; userPin: Bytes }): Promise<TokenInfo>
  /** One try: a wrong PIN is never sent again by us. At `final` it refuses unless `evenIfFinal`. */
  logIn(options: {
    user: UserKind
    pin: Bytes
    evenIfFinal?: boolean
  }): Promise<{ user: PinState; so: PinState }>
  logOut(): Promise<void>
  changePin(options: { user: UserKind; oldPin: Bytes; newPin: Bytes }): Promise<void>
  /** The security officer, logged in, gives the user a new PIN. */
  resetUserPin(options: { newPin: Bytes }): Promise<void>
  inventory(): Promise<Inventory>
  /** Every object with this id, token and session, with evidence. `template` compares each attribute. */
  findById(id: string, template?: KeyTemplate): Promise<readonly KeyEvidence[]>
  readAttributes(ref: KeyRef): Promise<readonly AttributeReport[]>
  generateAes(options: {
    id: string
    label: string
    bits: 128 | 256
    template: KeyTemplate
  }): Promise<MadeKey>
  generateHmac(options: { id: string; label: string; template: KeyTemplate }): Promise<MadeKey>
  generateKeyPair(options: {
    id: string
    label: string
    kind: KeyPairKind
    template: KeyTemplate
  }): Promise<MadeKeyPair>
  importPublicKey(options: { id: string; label: string; spki: Bytes; token: boolean }): Promise<KeyRef>
  publicKeySpki(ref: KeyRef): Promise<Bytes>
  chooseWrapMechanism(): Promise<WrapMechanismReport>
  /** Wraps an extractable key under a KEK by the proved mechanism. */
  wrap(options: { kek: KeyPath; key: KeyRef }): Promise<{ wrapped: Bytes; mechanism: WrapMechanism }>
  /** Unwraps a KEK as a session object that is sensitive, not extractable, and may wrap and unwrap. */
  unwrap(options: {
    kek: KeyPath
    wrapped: Bytes
    id: string
    label: string
    bits: 128 | 256
    template?: KeyTemplate
  }): Promise<MadeKey>
  /** The bytes of a wrapped key, for the server's worker memory. Refused under a KEK whose unwrap template forbids it (root). */
  unwrapToMemory(options: { kek: KeyPath; wrapped: Bytes; kind?: 'aes' | 'hmac' }): Promise<Bytes>
  encryptGcm(options: { key: KeyRef; nonce: Bytes; aad: Bytes; plaintext: Bytes }): Promise<Bytes>
  decryptGcm(options: { key: KeyRef; nonce: Bytes; aad: Bytes; ciphertext: Bytes }): Promise<Bytes>
  /** Raw r || s over a 32-byte SHA-256 (P-256) or 48-byte SHA-384 (P-384) digest. */
  signEcdsa(options: { key: KeyRef; digest: Bytes }): Promise<Bytes>
  signRsa(options: { key: KeyRef; digest: Bytes; padding: 'pkcs1' | 'pss' }): Promise<Bytes>
  verify(options: {
    key: KeyRef
    mechanism: VerifyMechanism
    digest: Bytes
    signature: Bytes
  }): Promise<boolean>
  hmac(options: { key: KeyRef; message: Bytes }): Promise<Bytes>
  random(length: number): Promise<Bytes>
  /** Destroys every object of this ref, then looks again. */
  destroy(ref: KeyRef): Promise<{ destroyed: number; absent: true }>
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
    destinations: readonly WindowDestination[]
    challenge?: Bytes
  }): Promise<TrustedWindow>
  commitTrustedWindow(): Promise<CommittedRoot>
  abandonTrustedWindow(): Promise<void>
  destroyTransportKeys(options: { ids: readonly string[] }): Promise<{ destroyed: number; absent: true }>
  // Destination token.
  createTransportPair(options: { id: string; label: string }): Promise<MadeKeyPair>
  unwrapRoot(options: {
    transportId: string
    ckaId: string
    label: string
    wrapped: Bytes
    oaepHash?: OaepHash
  }): Promise<MadeKey>
  destroyTransportPair(options: { id: string }): Promise<{ destroyed: number; absent: true }>
}

export type LibraryInfo = {
  readonly path: string
  readonly sha256: string
  readonly manufacturer: string
  readonly description: string
  readonly version: string
  readonly interfaceVersion: string
}

export type HsmRestart = {
  readonly generation: number
  readonly reason: 'crashed' | 'timeout'
  readonly detail: string
}

export type Hsm = {
  /** Counts hosts: 1 for the first. A token handle of an older generation has lost its login and its session keys. */
  readonly generation: number
  readonly library: LibraryInfo
  /** The host's process id, or null while it is being restarted. */
  readonly pid: number | null
  readonly state: 'ready' | 'restarting' | 'broken' | 'closed'
  onRestart(listener: (restart: HsmRestart) => void): () => void
  tokens(): Promise<readonly TokenInfo[]>
  /** By serial, or `new` for a free slot that only `initialise` accepts. Does not check that the token is there. */
  token(serial: string): Token
  close(): Promise<void>
}

export type CkrCode = { readonly name: string; readonly number: number }

/** A typed failure: `code` is stable and a translation key, `ckr` is what the token itself answered. */
export class HsmError extends Error {
  override readonly name = 'HsmError'
  readonly code: string
  readonly ckr: CkrCode | null
  readonly detail: string
  readonly remedy: string
  constructor(error: { code: string; ckr?: CkrCode | null; detail: string; remedy: string }) {
    super(`${error.code}: ${error.detail}${error.ckr ? ` (${error.ckr.name})` : ''}`)
    this.code = error.code
    this.ckr = error.ckr ?? null
    this.detail = error.detail
    this.remedy = error.remedy
  }
}
