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
  | 'nethsm'
  | 'generic'

/** What decides whether a plan can run on this token at all. Lesser limits stand in `notes`. */
type PlanAbilities = {
  /** Our tool initialises it: label, SO PIN and user PIN. */
  readonly initialise: boolean
  /** AES keys are made inside it and wrap other keys by KW or KWP. */
  readonly keyWrapping: boolean
  /** A security officer marks a public key as trusted, and the root leaves only to such a key. */
  readonly trustedWindow: boolean
  /** It passes the probe, and seals the second half of the ceremony key by AES-GCM. */
  readonly sealing: boolean
}

export type PinRules = {
  /** What a PIN looks like, in words. */
  readonly form: string
  /** Whose PIN the token's reported length limits are for. Absent: both users'. */
  readonly limitsOf?: readonly UserKind[]
  /** The PIN of a new token, to be changed before use. Null: none. */
  readonly factorySoPin: string | null
  /** Wrong tries before the user PIN locks. Null: neither token nor document says. */
  readonly userTries: number | null
  /** Whether the token's flags warn of few tries left, the last one, and a lock. */
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
  /** On what we ran it. Null: known from documents only. */
  readonly verifiedOn: string | null
  /** Where its behaviour is described. For a token that we ran: only what differs from that. */
  readonly sources: readonly string[]
  /** Usual places of its library, the first that exists is taken; `*` stands for the processor's folder of Debian. */
  readonly libraries: readonly string[]
  /** Variables that its library reads. They reach the token host only when named here or passed by hand. The first is missed where it is not set. */
  readonly environment: readonly string[]
  /** The library has settings of its own where no variable is set, so none is missed. */
  readonly needsNoVariable?: true
  /** Where its library keeps its settings, if no variable names them. */
  readonly settings?: string
  /** Its library reaches it through a smart-card daemon, pcscd. */
  readonly byPcsc?: true
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
  /** It tells its serial number only once its security officer has logged in, so it is named after its slot. Absent: it tells it at once. */
  readonly tellsSerialLate?: true
  /** Who makes and destroys keys. Absent: the user, who uses them. */
  readonly makesKeys?: UserKind
  /**
   * What it says of an attribute of a pair whatever it was asked for, where that gives no key away; `any`: a text of its own. Told and not
   * refused.
   */
  readonly says?: Readonly<Record<'private' | 'public', Readonly<Record<string, 'true' | 'false' | 'any'>>>>
  /** Mechanism numbers to try for KWP and KW; each is believed only after its known answer. */
  readonly wrapCandidates: readonly number[]
  /** The strongest OAEP hash that the token wraps keys with. */
  readonly oaepHash: OaepHash
  /** Whose nonce AES-GCM encrypts under. `token`: it writes one of its own over the one that it is given. */
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
   * `{id}`: the key's CKA_ID in hex; `{label}`. A person fills in the words in capitals.
   */
  readonly replicationSteps: readonly ReplicationStep[]
  readonly attestation: Attestation
  readonly plan: PlanAbilities
  readonly notes: readonly string[]
}

/** A token that takes every attribute of our templates. */
export const takesAll = { leavesOut: { private: [], public: [] } } as const
