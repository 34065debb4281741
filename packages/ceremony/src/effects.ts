import type { VerificationKeys } from '@lux/crypto'
import type { Domain } from './domain.ts'
import type { BoundEpoch } from './model/commands.ts'
import type {
  Digest,
  PlannedFhe,
  PlannedKey,
  TokenAttestation,
  TokenProfile,
  VendorWay,
  Voucher,
} from './plan/plan.ts'
import type { CheckpointRecord, KeyEvidence } from './results.ts'

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
type OnToken = { token: string; serial: string; profile: TokenProfile }
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

export type DealtHolder = {
  index: number
  name: string
  card: Digest
  recipient: string
  keys: VerificationKeys
}

export type CheckpointReason = 'opening' | 'key' | 'exception' | 'pause' | 'planned' | 'sealing'

export type OwnEffect = Common &
  (
    | { kind: 'measure-machine' }
    | ({ kind: 'initialise-token'; label: string } & OnToken)
    /** `again`: the session was lost in a restart or a pause; same rules, no new step. */
    | ({ kind: 'log-in'; user: 'user'; again: boolean } & OnToken)
    | ({ kind: 'probe-token' } & OnToken)
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
     * library, with a log-in of its own; read back, proved over `challenge`, logged out. `from`: the token that it came from.
     */
    | ({
        kind: 'prove-replica'
        key: PlannedKey
        way: VendorWay
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
    | {
        kind: 'build-bundle'
        planHash: Digest
        policyDigest: Digest
        opening: Digest
        /** The sealing checkpoint: the bundle's transcript is the first `checkpoint.size` entries. */
        checkpoint: CheckpointRecord
        checkpoints: CheckpointRecord[]
        destinations: Destination[]
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
