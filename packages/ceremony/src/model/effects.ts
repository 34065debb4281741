import type { HybridSignature, Json, VerificationKeys } from '@lux/crypto'
import type { DealtBackup } from '../documents/backup/dealt-backup.ts'
import type { Capability, MachineEvidence } from '../documents/ceremony/machine.ts'
import type { Domain } from '../documents/format/fields.ts'
import type {
  Digest,
  PlannedFhe,
  PlannedKey,
  PlannedToken,
  ReplicaWay,
  TokenAttestation,
  TokenNeed,
  Voucher,
} from '../plan/plan.ts'

/**
 * A key as its token describes it. `attributes` has PKCS#11 names without CKA_, every one read back singly:
 * booleans as booleans, numbers as numbers, bytes as lower-case hex; an attribute that the token lacks is absent.
 */
export type KeyEvidence = {
  ckaId: string
  label: string
  level: 'E0' | 'E1' | 'E2' | 'E3'
  attributes: Record<string, boolean | number | string>
}

export type InventoryObject = { ckaId: string; class: string; label: string }

export type CheckpointRecord = {
  /** Number of transcript entries under the checkpoint. */
  size: number
  node: Digest
  root: Digest
  /** SHA-256 of the exact bytes that witnesses cosign (the payload given to `submit`). */
  digest: Digest
}

/**
 * What an effect reports when it succeeds; the whole value goes into the `step.performed` fact.
 * Public values only: digests, public keys, sealed blobs' digests. Numbers are safe integers.
 */
export type Results = {
  'measure-machine': {
    tool: string
    kernel: string
    library: Digest
    tpmQuote: string
    files: Digest
    /** In a run of version 3 alone: what the workstation shows of itself. */
    machine?: MachineEvidence
  }
  /** `marksTrusted`, in version 2: whether the security officer could make a trusted key; absent where the kind has no trusted window. */
  'initialise-token': {
    serial: string
    label: string
    model: string
    firmware: string
    marksTrusted?: boolean
  }
  /** `by`: where the PIN was entered; absent: typed at the workstation. */
  'log-in': { serial: string; pinState: 'ok' | 'low' | 'final' | 'unknown'; by?: 'pin-pad' }
  /** `passed`: the hardened template held against every attack; `wrapMechanism` was chosen by known answer. */
  'probe-token': {
    serial: string
    passed: boolean
    attacks: {
      name: string
      hardened: 'held' | 'broke' | 'not-tried'
      default: 'held' | 'broke' | 'not-tried'
    }[]
    wrapMechanism: string
    level: 'E0' | 'E1'
    /** In a run of version 2 alone: what the token says of itself, and SHA-256 of its library. */
    token?: { maker: string; model: string; firmware: string; library: Digest }
    /** In a run of version 2 alone: what a plan can ask of a token and this one has shown, in the order of SPEC 9.3. */
    measured?: TokenNeed[]
    /** In a run of version 3 alone: by what a key is for, whether the token can hold it and what it lacks. */
    capabilities?: Capability[]
  }
  /** `unreadable` counts damaged object files; `digest` = SHA-256(JCS(objects)), objects sorted by ckaId, class. */
  inventory: { serial: string; objects: InventoryObject[]; unreadable: number; digest: Digest }
  /** `mlDsaSealed`: digest of the seed's sealed file. `possession`: by the new key over its own public keys. */
  'make-ceremony-key': { keys: VerificationKeys; evidence: KeyEvidence; mlDsaSealed: Digest }
  /** `digest` = SHA-256 of the exact bytes that officers sign; `signature` by the ceremony key over the same. */
  'sign-opening': { digest: Digest; signature: HybridSignature }
  'make-checkpoint': CheckpointRecord & { signature: HybridSignature }
  /** One blob per destination, in the effect's order; `wrapped` = SHA-256 of the RSA-OAEP blob, `sealed` of its age file. */
  'generate-root': {
    evidence: KeyEvidence
    mechanism: string
    blobs: { serial: string; wrapped: Digest; sealed: Digest }[]
    trusted: Digest[]
    /** Of a root with spares: the transport pair that each made for this window, and SHA-256 of the RSA-OAEP blob to it. */
    spares?: SpareTransport[]
    /** What the token held when a trusted window had closed, but for its own transport keys. */
    held?: { objects: InventoryObject[]; unreadable: number }
    /** In a run of version 2 alone: the backup of the root, dealt before the window closed. */
    backup?: {
      set: string
      identifier: number
      /** SHA-256 of the SPKI of the pair, of the root as it was wrapped to it, and of the sealed medium. */
      publicKey: Digest
      wrapped: Digest
      medium: Digest
      /** The proof of the root that the medium gives back when all shares are combined. */
      possession: { mechanism: string; digest: Digest }
      /** `share`: what one is checked by alone; `envelope`: SHA-256 of the custodian's age file. */
      shares: { index: number; name: string; share: Digest; envelope: Digest }[]
    }
  }
  'read-back': { evidence: KeyEvidence }
  /** `wrapped` = SHA-256 of the wrapped blob; `publicKey` = SHA-256 of the SPKI of a key pair. */
  'generate-key': { evidence: KeyEvidence; mechanism: string; wrapped: Digest; publicKey?: Digest }
  'prove-possession': { mechanism: string; digest: Digest }
  /** `procedure`: the vendor's commands as they were shown to the person who then said that they were run. */
  'prove-replica': {
    serial: string
    way: ReplicaWay
    procedure: string[]
    evidence: KeyEvidence
    mechanism: string
    digest: Digest
    /** Everything on that token, as `inventory` gives it: a tool that clones may bring more than was asked for. */
    objects: InventoryObject[]
    unreadable: number
  }
  /** Digests of files: the vendor's root, its attestation, and what the companion signed at `size` entries. */
  attest: {
    by: Voucher
    root: Digest
    chain: Digest
    statement: { document: Digest; size: number } | null
    evidence: KeyEvidence
  }
  /** `keyId`, `epochId`, `shareDigest` as in the shares' files; `envelopeDigest` = SHA-256 of the age file. */
  'fhe-deal': {
    keyId: Digest
    epochId: Digest
    public: { sha256: Digest; size: number }
    publicKey: { sha256: Digest; size: number } | null
    serverKey: { sha256: Digest; size: number } | null
    /** The reference string of proven lists, where the plan names how many bits they prove. */
    crs?: { sha256: Digest; size: number }
    shares: { holder: string; index: number; shareDigest: Digest; envelopeDigest: Digest }[]
  }
  /** The next public.bin, out of the old one and every dealer's correction: the same each time it is asked. */
  'assemble-epoch': {
    epochId: Digest
    epoch: number
    public: { sha256: Digest; size: number }
    commitments: Digest
    /** SHA-256 of the corrections that were added, by dealer. */
    corrections: Digest[]
  }
  /** `digest` = SHA-256 of the statement's payload; `signature` by the ceremony key. */
  /** The 32 random bytes of the intent, over which holders state that they hold their shares. */
  'ask-heartbeats': { challenge: Digest }
  /** SHA-256 of the copy of the sealed medium that lies in the run's folder. */
  'check-medium': { medium: Digest }
  /** `digest` = SHA-256 of the request's payload; `signature` by the ceremony key. */
  'ask-shares': { digest: Digest; recipient: string; signature: HybridSignature }
  /** `shares`: those that were combined. What the token holds is as `inventory` gives it. */
  'restore-root': {
    serial: string
    shares: number[]
    evidence: KeyEvidence
    mechanism: string
    digest: Digest
    objects: InventoryObject[]
    unreadable: number
  }
  /** `mechanism`, `digest`: of a decommission, the proof that the token gave before the root was destroyed in it. */
  'zeroise-root': {
    serial: string
    ckaId: string
    absent: boolean
    mechanism?: string
    digest?: Digest
    objects: InventoryObject[]
    unreadable: number
  }
  'sign-epoch-live': { digest: Digest; signature: HybridSignature }
  /** Of the next version of the policy: who of its officers is one now, who else has signed it beforehand, and how many must. */
  'read-policy': { policy: Digest; version: number; quorum: number; staying: string[]; ahead: string[] }
  /** `digest` = SHA-256 of the DSSE payload: the bundle digest; `subject` = SHA-256 of the exact bytes signed. */
  'build-bundle': { digest: Digest; subject: Digest; size: number }
  'sign-bundle': { digest: Digest; signature: HybridSignature }
  /** `sha256`, `size` of bundle.zip after fsync, verify and rename. */
  'write-bundle': { digest: Digest; sha256: Digest; size: number }
  'write-medium': { medium: string; sha256: Digest; readBack: Digest }
  'close-out': { digest: Digest; signature: HybridSignature }
  'destroy-ceremony-key': { ckaId: string; absent: boolean }
}

export type EffectKind = keyof Results

/** `code` is an upper-case error code, e.g. HSM-PIN-INCORRECT; `detail` is for people and holds no secret. */
export type Failure = { code: string; detail: string }

/** What core found on the token or the disk after a crash, for the attempt named by the command. */
export type Finding =
  | { found: 'absent'; detail: string }
  | { found: 'adopted'; result: Json }
  | { found: 'ambiguous'; detail: string }

/**
 * Carried by every effect. Core asks `owed(state)` after every append and does what it says:
 * - intent `needed`: send `intend {step, attempt, nonce, rootId}` with fresh random bytes, then ask `owed` again;
 * - intent `none` or `logged`: run it, then send `outcome {step, attempt, effect, result | failure}`.
 * - kind `reconcile`: look only, never act, then send `reconcile {step, attempt, finding}`.
 * An effect with intent `none` may run again after a crash with no harm. `pins` names the PINs that must be in
 * core's hands (typed by a person for this attempt) before it runs; core never reuses one that was refused.
 */
type Common = {
  step: string
  attempt: number
  ceremonyId: string
  domain: Domain
  intent: 'none' | 'needed' | 'logged'
  pins: PinNeed[]
}

/** `pad`: it is entered at the token's own pad, once for each time that a person says so; core never sees it. */
export type PinNeed = { token: string; serial: string; user: 'so' | 'user'; pad: boolean }

/** `ckaId` is 32 hex characters; '' while the intent is still needed. */
type OnToken = { token: string; serial: string; profile: PlannedToken['profile'] }

type Named = OnToken & { ckaId: string }

/** `discard`: CKA_IDs of earlier attempts; destroy what they left, if anything, before making the new object. */
type Making = Named & { discard: string[] }

/** From the root (in the token, by `ckaId`) down to the parent; each other link is unwrapped from its blob. */
export type ChainLink = { id: string; level: PlannedKey['level']; ckaId: string; wrapped: Digest | null }

export type Destination = {
  audience: Digest
  card: Digest
  transport: Digest
  node: string
  serial: string
  /** base64 DER SPKI, RSA-3072. */
  transportKey: string
  recipient: string
}

/** A server that receives the bundle and no root in it. */
export type KeylessDestination = Pick<Destination, 'audience' | 'card'>

/** `transport`: CKA_ID of the pair in the token of this role. `publicKey`: SHA-256 of its SPKI. */
export type SpareTransport = {
  token: string
  serial: string
  transport: string
  publicKey: Digest
  wrapped: Digest
}

export type DealtHolder = {
  index: number
  name: string
  card: Digest
  recipient: string
  keys: VerificationKeys
}

/** Who gets a share of a root's backup, by index from 1, and how many of them bring it back. */
export type BackupOf = { t: number; n: number; custodians: DealtHolder[] }

export type CheckpointReason = 'opening' | 'key' | 'exception' | 'pause' | 'planned' | 'sealing'

export type OwnEffect = Common &
  (
    | { kind: 'measure-machine' }
    /** `policy`: that of the plan; null in a rehearsal, which has a stand-in's. */
    | { kind: 'read-policy'; policy: Digest | null }
    | ({ kind: 'initialise-token'; label: string } & OnToken)
    /** `again`: the session was lost in a restart or a pause; same rules, no new step. */
    | ({ kind: 'log-in'; user: 'user'; again: boolean } & OnToken)
    /** `needs`: what the plan asks of a measured token, else nothing. */
    | ({ kind: 'probe-token'; needs: TokenNeed[] } & OnToken)
    /** `expected`: CKA_IDs that the plan accounts for so far. */
    | ({ kind: 'inventory'; when: 'opening' | 'closing' | 'planned'; expected: string[] } & OnToken)
    /** P-256 pair under `ckaId`; `sealCkaId` is free for the token key that seals the ML-DSA seed. */
    | ({ kind: 'make-ceremony-key'; sealCkaId: string } & Making)
    | ({
        kind: 'sign-opening'
        planHash: Digest
        policyDigest: Digest
        tokenSerials: string[]
        keys: VerificationKeys
      } & Named)
    /** Covers the first `size` entries. `previous` and `opening` are digests of the signed bytes. */
    | ({
        kind: 'make-checkpoint'
        reason: CheckpointReason
        live: boolean
        size: number
        opening: Digest
        previous: Digest | null
        planHash: Digest
      } & Named)
    | ({
        kind: 'generate-root'
        key: PlannedKey
        rootId: string
        destinations: Destination[]
        spares: OnToken[]
        backup: BackupOf | null
        mechanism: string
      } & Making)
    | ({ kind: 'read-back'; key: PlannedKey } & Named)
    | ({
        kind: 'generate-key'
        key: PlannedKey
        version: number
        chain: ChainLink[]
        mechanism: string
      } & Making)
    /** `challenge`: 32 bytes hex, SHA-256("lux-custody/possession/v1" || lp(ceremonyId) || rootId). */
    | ({
        kind: 'prove-possession'
        key: PlannedKey
        rootId: string
        challenge: string
        chain: ChainLink[]
        mechanism: string
      } & Named)
    /**
     * The root in another token, where the vendor's tool has put it: found by serial and `ckaId` through a fresh start of the
     * library, with a log-in of its own; read back, proved over `challenge`, logged out. `from`: the token that it came from. A spare
     * unwraps it first from the blob of the window, in the run's own session, and destroys its transport pair: `transport`.
     */
    | ({
        kind: 'prove-replica'
        key: PlannedKey
        way: ReplicaWay
        transport: SpareTransport | null
        from: OnToken
        challenge: string
        mechanism: string
        expected: string[]
      } & Named)
    /**
     * The key `id` is vouched for: by the token's companion, which signs `identity`, the attributes and the head after `size`
     * entries, or by the vendor. `recorded`: what was read of a key that left the token wrapped; any other is read again.
     */
    | ({
        kind: 'attest'
        id: string
        level: 'ceremony' | PlannedKey['level']
        by: Voucher
        attestation: TokenAttestation
        identity: Digest
        recorded: KeyEvidence | null
        planHash: Digest
        size: number
      } & Named)
    /** `ckaId` is the ceremony key that signs the envelopes. */
    | ({
        kind: 'fhe-deal'
        fhe: PlannedFhe
        holders: DealtHolder[]
        policyDigest: Digest
      } & Making)
    /** `dealers`: numbers in the old epoch, and the digest of each one's correction file. */
    | {
        kind: 'assemble-epoch'
        planHash: Digest
        old: BoundEpoch
        t: number
        n: number
        dealers: { dealer: number; correction: Digest }[]
        holders: { index: number; name: string; card: Digest }[]
      }
    | ({
        kind: 'sign-epoch-live'
        planHash: Digest
        old: BoundEpoch
        epochId: Digest
        epoch: number
        t: number
        n: number
        acknowledgements: Digest[]
      } & Named)
    /** Made again it is the same: the recipient lies in the run's folder. */
    | ({
        kind: 'ask-shares'
        use: 'drill' | 'restore'
        backup: DealtBackup
        custodians: string[]
      } & Named)
    /**
     * The root out of the medium and the shares that were given, into the token, under the `ckaId` that it was born with. `pair`: CKA_ID
     * of the attempt, after which the token's transport pair is named. `discard`: those of earlier attempts.
     */
    | ({
        kind: 'restore-root'
        backup: DealtBackup
        releases: { index: number; name: string; envelope: Digest }[]
        pair: string
        challenge: string
        expected: string[]
      } & Making)
    /** `proof`: of a decommission, what the key has to give over this challenge before it is destroyed. */
    | ({
        kind: 'zeroise-root'
        expected: string[]
        proof: { challenge: string; mechanism: string; digest: Digest } | null
      } & Named)
    | { kind: 'check-medium'; root: string; medium: Digest }
    | { kind: 'ask-heartbeats'; keyId: Digest; epochId: Digest; challenge: Digest }
    | {
        kind: 'build-bundle'
        planHash: Digest
        policyDigest: Digest
        opening: Digest
        /** The sealing checkpoint: the bundle's transcript is the first `checkpoint.size` entries. */
        checkpoint: CheckpointRecord
        checkpoints: CheckpointRecord[]
        destinations: (Destination | KeylessDestination)[]
        keys: MadeKeyOutline[]
      }
    | ({ kind: 'sign-bundle'; digest: Digest } & Named)
    | { kind: 'write-bundle'; digest: Digest }
    | { kind: 'write-medium'; digest: Digest; sha256: Digest }
    | ({
        kind: 'close-out'
        checkpoint: CheckpointRecord
        receipts: { audience: Digest; digest: Digest }[]
      } & Named)
    | ({ kind: 'destroy-ceremony-key'; sealCkaId: string } & Named)
  )

export type MadeKeyOutline = {
  id: string
  level: PlannedKey['level']
  ckaId: string
  step: string
  attempt: number
  wrapped: Digest | null
}

/** Look for what attempt `of` may have left; `of.ckaId` names the object, never act. */
export type ReconcileEffect = Common & { kind: 'reconcile'; of: OwnEffect }

export type Effect = OwnEffect | ReconcileEffect

/** The effect of one kind, e.g. `EffectOf<'generate-root'>`. */
export type EffectOf<K extends Effect['kind']> = Extract<Effect, { kind: K }>

/** An epoch of an FHE key that an earlier ceremony dealt. `public`: digest of its public.bin. */
export type BoundEpoch = { keyId: Digest; epochId: Digest; epoch: number; public: Digest }
