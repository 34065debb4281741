import type { Said } from '../sayings.ts'
import type { Bytes } from './bytes.ts'
import type { AttributeReport, Inventory, MadeKey } from './keys.ts'
import type { OaepHash } from './mechanisms.ts'

/** A path of KEKs: each blob is wrapped under the one before it, the first under the token key. */
type WrappedKek = { readonly wrapped: Bytes; readonly bits: 128 | 256 }

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
  /** False: a key whose length is no multiple of 8 bytes (PKCS#8) comes back with zeros after its DER end. */
  readonly exactLengths: boolean
}

export type WrapMechanismReport = {
  readonly chosen: WrapMechanism | null
  readonly tried: readonly {
    readonly name: string
    readonly number: number
    readonly result: string
    /** `result`, for translation; absent in what was kept by an older program. */
    readonly said?: Said
  }[]
  /**
   * Set only where nothing was chosen, and AES-CBC with padding gave its known answer. CBC has no integrity, so none of our KEKs uses it.
   * The probe attacks the token by it all the same, to learn something.
   */
  readonly withoutIntegrity?: { readonly name: string; readonly number: number }
}

export type PossessionProof = { readonly digest: string; readonly mechanism: WrapMechanism }

/**
 * How a key that may never leave in the clear comes into another token. `trusted-window`: by this driver, wrapped to a key that
 * the security officer trusts. `vendor-clone`, `vendor-wrap`: by the vendor's own tool, in people's hands.
 */
export type ReplicationWay = 'trusted-window' | 'vendor-clone' | 'vendor-wrap' | 'none'

/** One step of the vendor's own procedure. `command`: what people type; null where nothing is typed. */
export type ReplicationStep = {
  /** Names the words in every language. */
  readonly id: string
  readonly words: string
  readonly command: string | null
}

/**
 * `oaepHash`: the strongest hash that the destination's token unwraps with. Absent where nobody knows: then SHA-1, which every token has.
 */
export type WindowDestination = {
  readonly id: string
  readonly label: string
  readonly spki: Bytes
  readonly oaepHash?: OaepHash
}

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
  /**
   * `held`: the token refused. `broken`: the attack gave key bytes or a weaker key. `undecided`: the token's answer says nothing, and it
   * gives the same answer without the attack.
   */
  readonly outcome: 'held' | 'broken' | 'undecided' | 'not-applicable'
  readonly detail: string
  /** `detail`, for translation; absent in what was kept by an older program. */
  readonly said?: Said
}

export type ProbeAttackName =
  | 'wrap-then-decrypt'
  | 'reimport-extractable'
  | 'copy-escalate'
  | 'flip-attributes'
  | 'silent-unwrap'
  | 'mechanism-confusion'
  | 'read-back'
  | 'read-value'
  | 'wrap-the-kek'
  | 'use-otherwise'
  | 'tampered-blob'
  | 'wrap-to-untrusted'
  | 'transport-unwrap'

export type ProbeReport = {
  readonly serial: string
  readonly profile: string
  readonly attacks: readonly ProbeAttack[]
  readonly knownAnswers: WrapMechanismReport
  /**
   * True when every attack on the hardened template was held, a wrap mechanism was proved, and the token has every attribute that a
   * root needs. The attacks on a trusted window are
   * `not-applicable` where the token refuses what the window is made of; that alone fails no probe.
   */
  readonly passed: boolean
  /** What the token lacks of the hardened template, and of a root's other needs. */
  readonly lacking: readonly string[]
}
