import type { DealtBackup } from '../documents/backup/dealt-backup.ts'
import type { Domain } from '../documents/format/fields.ts'
import type { Version } from '../documents/format/versions.ts'
import type { partKinds2, stepKinds2 } from './kinds.ts'

/** Lower-case hex of a SHA-256 digest: 64 characters. */
export type Digest = string

export type Role =
  | 'administrator'
  | 'operator'
  | 'so'
  | 'officer'
  | 'holder'
  | 'approver'
  | 'witness'
  | 'recorder'
  | V2<'custodian'>

/** Marks what version 1 of a plan does not know. */
type V2<T> = T

/** Marks what only version 3 of a plan knows. */
type V3<T> = T

/**
 * One seat in the room. `card` is the SHA-256 of the JCS of the person's card. A holder who stays for the next epoch has two seats:
 * the second is for that epoch, and its card renews that of the first.
 */
export type Person = { role: Role; name: string; card: Digest }

/**
 * One token by the role it plays. The first is `ceremony`. `library` is the SHA-256 of the vendor library.
 * `serial` is `new` (with `label`) when a step of the plan initialises the token.
 */
export type PlannedToken = {
  role: string
  /** `measured`: no vendor's profile; the token must show by its probe that it has each of the plan's `needs`. */
  profile: TokenProfile | V2<'measured'>
  needs?: V2<TokenNeed[]>
  library: Digest
  serial: string
  label?: string
  attestation?: TokenAttestation
  /** SHA-256 of the library that stands in front of the vendor's. */
  shim?: V3<Digest>
  /** As the token is to name itself; absent: the plan asks for no make. */
  device?: V3<{ maker: string; model: string }>
}

/** What a plan can ask of a measured token. `gcm`: AES-GCM under a nonce that it is given or makes. */
export const tokenNeeds = ['initialise', 'kwp', 'unwrap-template', 'gcm', 'trusted-window'] as const
export type TokenNeed = (typeof tokenNeeds)[number]

/**
 * Who vouches for keys of the token. `root`: SHA-256 of the vendor's root certificate in DER, which the policy pins. `companion`:
 * a P-256 pair made in the token before the ceremony, by its CKA_ID, and SHA-256 of the file in which the vendor attests it.
 */
export type TokenAttestation = { root: Digest; companion?: { ckaId: string; chain: Digest } }

export type TokenProfile =
  | 'softhsm'
  | 'tpm2'
  | 'swtpm'
  | 'opencryptoki'
  | 'yubihsm'
  | 'luna'
  | 'nshield'
  | 'cloudhsm'
  | 'smartcard-hsm'

/**
 * A server that receives the bundle: SHA-256 of the JCS of its card (its audience) and of its transport document's payload. In
 * version 2 the latter may be absent: no root is wrapped to that server.
 */
export type PlannedDestination = { card: Digest; transport?: Digest }

export type KeyLevel = 'root' | 'organisation' | 'project' | 'data'

/**
 * How a root comes into other tokens. `trusted-window`: wrapped to destinations by this tool. `vendor-clone`, `vendor-wrap`: by
 * the vendor's own tool, in people's hands, to tokens of the plan; a replicate-root step proves it.
 */
export type Replication = 'trusted-window' | 'vendor-clone' | 'vendor-wrap' | 'none'

/** `companion`: a key of the token signs what is read of another (E2). `vendor`: the vendor attests the key itself (E3). */
export type Voucher = 'companion' | 'vendor'

export type VendorWay = Exclude<Replication, 'trusted-window' | 'none'>

/** How a root comes into another token of the plan: by the vendor's way, or as a spare by the trusted window. */
export type ReplicaWay = VendorWay | 'trusted-window'

export type KeyAlgorithm = 'AES-128' | 'AES-256' | 'RSA-2048' | 'RSA-4096' | 'EC-P256' | 'EC-P384'

/**
 * `parent` is the id of the key one level up; the root has none. `replication` is of the root alone, as is
 * `existing`: a root that an earlier ceremony made in the ceremony token (32 hex characters each).
 */
export type PlannedKey = {
  id: string
  level: KeyLevel
  name: string
  algorithm: KeyAlgorithm
  parent?: string
  replication?: Replication
  existing?: {
    ckaId: string
    rootId: string
    ceremonyId: string
    /** The proof that was made of it at its birth, which every later one has to equal. */
    possession?: V2<{ mechanism: string; digest: Digest }>
  }
  /** Of a new root: any `t` of the custodians bring it back; share i (1-based) is of `custodians[i - 1]`. */
  backup?: V2<{ t: number; n: number; custodians: string[] }>
  /** Of a new root: roles of tokens of the plan to which the trusted window wraps it too. */
  spares?: V2<string[]>
  /** Absent: 1. */
  version?: V2<number>
  /** The key of an earlier bundle in whose place this one comes. */
  replaces?: V2<EarlierKey>
}

/** A key by the digest of the bundle that made it, its id and its version there. */
export type EarlierKey = { bundle: Digest; id: string; version: number }

/**
 * `check`: shares and medium are compared with what was dealt, each alone; nothing is combined or opened. Share i (1-based) is of
 * `custodians[i - 1]`; those of them who are seated are asked. `drill` and `restore` bring the root into a token, and burn the backup;
 * the first zeroises it there again.
 */
export type PlannedRecovery = {
  use: 'check' | 'drill' | 'restore'
  custodians: string[]
  backup: DealtBackup
}

/** A threshold FHE key that is dealt: any `t` of the `n` named holders decrypt. */
export type PlannedFhe = {
  id: string
  /** TFHE_BINARY is of mode S without a squash key: its shares answer nothing, and rehearsals alone deal it. */
  type: 'TFHE_INTEGER' | 'TFHE_BINARY'
  mode: 'S' | 'F'
  squash: boolean
  inputs: 'signed' | 'proven'
  /** Of a new key for proven inputs: how many bits one list may prove. The reference string is made with the key. */
  proofBits?: number
  t: number
  n: number
  /** Names of people of role holder; holder i (1-based) is `holders[i - 1]`. */
  holders: string[]
  /** An epoch of a key that an earlier ceremony dealt; `t`, `n` and `holders` are those of it, and no step deals. */
  existing?: { keyId: Digest; epochId: Digest; epoch: number; public: Digest }
}

/**
 * A decryption that the plan foresees. `answers`: how many holders answer, t to n; 2t - 1 lets a cheater be found.
 * `canary`: of the next epoch, answered by all its holders outside the budget, before that epoch is live.
 */
export type PlannedDecryption = { id: string; what: string; answers: number; canary?: boolean }

/**
 * The next epoch of the key: `reshare` to new people or another quorum, `refresh` with the same ones, `remove` without one
 * of them. `dealers`: the t holders of the old epoch who re-deal, in the order of their numbers.
 */
export type PlannedReshare = {
  kind: 'reshare' | 'refresh' | 'remove'
  t: number
  n: number
  holders: string[]
  dealers: string[]
}

export type StepKind = (typeof stepKinds2)[number]

/** A value that a person types at a confirm step, e.g. a bag's serial. Never a secret. `time` is ISO-8601 UTC. */
export type AskedValue = { id: string; label: string; format?: 'text' | 'digits' | 'hex' | 'time' }

/**
 * One step. `actor` is the role that acts; `textKey` the i18n key of `text`, which is the English.
 * `token` is a token's role (absent: `ceremony`), `key` a key's id (absent in `attest`: the ceremony key), `holder` a holder's name
 * (absent: all).
 */
export type Step = {
  id: string
  do: StepKind
  actor: Role
  textKey: string
  text: string
  token?: string
  key?: string
  holder?: string
  /** A custodian's name; absent: all. */
  custodian?: V2<string>
  /** Id of a decryption of the plan. */
  decryption?: string
  values?: AskedValue[]
  when?: 'opening' | 'closing'
  /**
   * Of `log-in`: where the PINs of that token are typed, in this step and in every other; absent: `pin`, at the workstation.
   * Of `attest`: who vouches for the key; absent: `companion`.
   */
  by?: 'pin' | 'pin-pad' | Voucher
}

export type PartKind = (typeof partKinds2)[number]

export type Part = { kind: PartKind; steps: Step[] }

/**
 * The reviewed file, typed. Its hash is the SHA-256 of the file's bytes, not of this value. A plan of version 1 has nothing that is
 * marked V2; its run writes transcript and bundle of version 1.
 */
export type Plan = {
  v: Version
  title: string
  organisation: { id: string; name: string }
  /** Digest of the policy under which the plan runs. */
  policy: Digest
  /** SHA-256 of the accepted tool build, or `dev:<commit>` (rehearsal only). */
  tool: string
  people: Person[]
  tokens: PlannedToken[]
  destinations: PlannedDestination[]
  keys: PlannedKey[]
  fhe?: PlannedFhe
  decryptions?: PlannedDecryption[]
  reshare?: PlannedReshare
  /** Holders state that they still hold their shares; a statement older than this many days is overdue. */
  heartbeat?: V2<{ dueDays: number }>
  /** A backup that an earlier ceremony dealt, and what this one uses it for. */
  recovery?: V2<PlannedRecovery>
  /** Keys of earlier bundles that may no longer be used. */
  revokes?: V2<EarlierKey[]>
  /** Digest of the next version of the policy, which officers sign in this ceremony. */
  nextPolicy?: V2<Digest>
  /** Digest of the medium from which the workstation is to start. */
  image?: V3<Digest>
  /** Ids of the steps whose checkpoint needs the witnesses' cosignatures before the run goes on. */
  checkpoints: { live: string[] }
  parts: Part[]
}

/** What `initialState` needs of a transcript header; the transcript's own header type is wider. */
export type RunHeader = { ceremonyId: string; domain: Domain; planHash: Digest; policyDigest: Digest }
