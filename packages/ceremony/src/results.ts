import type { HybridSignature, Json, VerificationKeys } from '@lux/crypto'
import type { Digest, VendorWay, Voucher } from './plan/plan.ts'

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
  'measure-machine': { tool: string; kernel: string; library: Digest; tpmQuote: string; files: Digest }
  'initialise-token': { serial: string; label: string; model: string; firmware: string }
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
    /** What the token held when a trusted window had closed, but for its own transport keys. */
    held?: { objects: InventoryObject[]; unreadable: number }
  }
  'read-back': { evidence: KeyEvidence }
  /** `wrapped` = SHA-256 of the wrapped blob; `publicKey` = SHA-256 of the SPKI of a key pair. */
  'generate-key': { evidence: KeyEvidence; mechanism: string; wrapped: Digest; publicKey?: Digest }
  'prove-possession': { mechanism: string; digest: Digest }
  /** `procedure`: the vendor's commands as they were shown to the person who then said that they were run. */
  'prove-replica': {
    serial: string
    way: VendorWay
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
  'sign-epoch-live': { digest: Digest; signature: HybridSignature }
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
