import type { OaepHash, ReplicationStep, ReplicationWay, UserKind } from '../device.ts'

type ProfileId =
  | 'softhsm'
  | 'opencryptoki'
  | 'tpm2'
  | 'swtpm'
  | 'yubihsm'
  | 'luna'
  | 'nshield'
  | 'cloudhsm'
  | 'smartcard-hsm'
  | 'generic'

/** `session objects only` and the like are notes; what decides whether a plan can be run at all stands here. */
type PlanAbilities = {
  /** Our tool initialises it: label, SO PIN and user PIN. */
  readonly initialise: boolean
  /** AES keys are made inside it and wrap other keys by KW or KWP. */
  readonly keyWrapping: boolean
  /** A security officer marks a public key as trusted, and the root leaves only to such a key. */
  readonly trustedWindow: boolean
  /** AES-GCM under a nonce that it is given: what seals the second half of the ceremony key. */
  readonly sealing: boolean
}

export type PinRules = {
  /** What a PIN looks like, in words. */
  readonly form: string
  /** Whose PINs the limits are of that the token tells of itself; of both where this is left out. */
  readonly limitsOf?: readonly UserKind[]
  /** The PIN that a new token comes with and that has to be changed before use; null when there is none. */
  readonly factorySoPin: string | null
  /** Wrong tries before the user PIN locks, as the token or its document says; null when it does not. */
  readonly userTries: number | null
  /** The token shows low, final and locked in its flags. Where it does not, a lock is a surprise. */
  readonly showsState: boolean
}

export type Attestation = {
  /** Which verifier of src/evidence reads it; `none`: the token attests nothing; `unread`: we have no reader. */
  readonly format: 'yubihsm' | 'luna' | 'none' | 'unread'
  /** How a person gets it, and what it says. */
  readonly how: string
}

/** What a token type does differently, as data. The attack probe, not the profile, says whether a token is safe. */
export type Profile = {
  readonly id: ProfileId
  readonly name: string
  readonly kind: 'software' | 'tpm' | 'hsm' | 'card' | 'cloud'
  readonly manufacturer: RegExp
  readonly model: RegExp
  /** What it was run on by us. null: from its documents only, not run on hardware. */
  readonly verifiedOn: string | null
  /** Where its behaviour is described; of a token that was run, where it differs from what was read. */
  readonly sources: readonly string[]
  /** Usual places of its library, the first that exists is taken; `*` stands for the processor's folder of Debian. */
  readonly libraries: readonly string[]
  /** Variables that its library reads. They reach the token host only when named here or passed by hand. */
  readonly environment: readonly string[]
  /** Soft tokens protect nothing from whoever has the files and the PIN. */
  readonly soft: boolean
  readonly pin: PinRules
  /** `again`: a token that is in use can be erased and initialised anew through its library. */
  readonly initialise: {
    readonly by: 'library' | 'vendor-tool'
    readonly again: boolean
    readonly how: string
  }
  /** Every token of this type shows the same serial number, so that two in one library cannot be told apart. */
  readonly sharedSerial: boolean
  /** Mechanism numbers to try for KWP and KW; each is believed only after its known answer. */
  readonly wrapCandidates: readonly number[]
  /** The strongest OAEP hash that the token wraps keys with. */
  readonly oaepHash: OaepHash
  /** Whose nonce AES-GCM encrypts under. `token`: it ignores the one that it is given, so we encrypt nothing by it. */
  readonly gcmNonce: 'caller' | 'token'
  /**
   * Attributes of key pairs (names without CKA_) that its library cannot be sent at all; left out, read back and reported. What else a
   * token does not take is found by asking it.
   */
  readonly leavesOut: { readonly private: readonly string[]; readonly public: readonly string[] }
  /** COPYABLE can be given when a key is made; some tokens refuse it in a copy. */
  readonly copyableInCopy: boolean
  readonly replication: ReplicationWay
  readonly replicationBy: string
  /**
   * The vendor's own procedure, as its documents have it; empty where the way is not the vendor's. In a command `{from}`, `{to}`: serials;
   * `{id}`: the key's CKA_ID in hex; `{label}`. What stands in capitals a person fills in.
   */
  readonly replicationSteps: readonly ReplicationStep[]
  readonly attestation: Attestation
  readonly plan: PlanAbilities
  readonly notes: readonly string[]
}

/** A token that takes every attribute of our templates. */
export const takesAll = { leavesOut: { private: [], public: [] } } as const
