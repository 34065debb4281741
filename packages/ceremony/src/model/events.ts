import type { HybridSignature, Json, VerificationKeys } from '@lux/crypto'
import type { CustodianAcknowledgement } from '../documents/backup/custodian-acknowledgement.ts'
import type { CustodianStatement } from '../documents/backup/custodian-statement.ts'
import type { DealtBackup } from '../documents/backup/dealt-backup.ts'
import type { ExceptionDecisionDocument } from '../documents/ceremony/exception.ts'
import type { Hearing } from '../documents/ceremony/hearing.ts'
import type { Version } from '../documents/format/versions.ts'
import type { DecryptionRequest } from '../documents/threshold/decryption-request.ts'
import type { DecryptionResult } from '../documents/threshold/decryption-result.ts'
import type { EpochApproval, Redeal } from '../documents/threshold/epoch.ts'
import type { Heartbeat } from '../documents/threshold/heartbeat.ts'
import type { HolderAnswer } from '../documents/threshold/holder-answer.ts'
import type { Digest, Role } from '../plan/plan.ts'
import type { Authorities } from '../policy/authorities.ts'
import type { ExceptionDecision, Refusal, Terms } from './commands.ts'
import type {
  BoundEpoch,
  CheckpointReason,
  CheckpointRecord,
  Destination,
  EffectKind,
  Failure,
  KeylessDestination,
} from './effects.ts'

/** A person as bound to this run: the plan's person, or a stand-in in a rehearsal. `signer` is the identity id. */
export type Seat = {
  role: Role
  name: string
  card: Digest
  signer: string
  keys: VerificationKeys
  recipient?: string
}

/** A destination with what verifies its receipt: `receiptSigner` is the identity id of `receiptKey`. */
export type BoundDestination = (Destination | KeylessDestination) & {
  receiptSigner: string
  receiptKey: VerificationKeys
}

/** Facts by event kind. Every fact is plain canonical JSON: integers, strings, booleans, arrays, objects. */
export type Facts = {
  'run.started': {
    /** That of the plan. */
    v: Version
    by: string
    planHash: Digest
    policyDigest: Digest
    terms: Terms
    seats: Seat[]
    destinations: BoundDestination[]
    tokens: { role: string; serial: string }[]
    authorities: Authorities
    epoch: BoundEpoch | null
    /** Exactly where the plan has a recovery. */
    backup?: DealtBackup
  }
  'step.confirmed': { stage: number; by: string; input: Record<string, string> }
  'step.intended': {
    attempt: number
    effect: EffectKind
    nonce: string
    rootId: string
    ckaId: string
    sealCkaId: string
  }
  'step.performed': { attempt: number; effect: EffectKind; again: boolean; result: Json }
  'step.failed': { attempt: number; effect: EffectKind; again: boolean; failure: Failure }
  'step.reconciled': {
    attempt: number
    effect: EffectKind
    found: 'absent' | 'adopted' | 'ambiguous'
    detail: string
    result: Json
  }
  /** `here`, of these three and of a custodian's: it was made at the workstation itself, which alone showed the bytes; in a run of version 2 alone. */
  'signature.accepted': {
    what: 'opening' | 'bundle' | 'exception' | 'decryption-approval' | 'policy'
    subject: Digest
    name: string
    signer: string
    signature: HybridSignature
    here?: true
  }
  'checkpoint.made': CheckpointRecord & {
    reason: CheckpointReason
    live: boolean
    signature: HybridSignature
  }
  'checkpoint.cosigned': {
    size: number
    digest: Digest
    name: string
    signer: string
    signature: HybridSignature
    here?: true
  }
  'holder.acknowledged': {
    name: string
    index: number
    payload: Json
    signature: HybridSignature
    here?: true
  }
  'exception.opened': {
    id: number
    about: 'failed' | 'ambiguous' | 'mismatch' | 'reported'
    expected: string
    happened: string
    by: string
    scope: ExceptionScope
    choices: ExceptionDecision[]
    /** In a run of version 2 alone: the words that somebody heard or read differently. */
    compared?: ComparedCard
  }
  /** `package`: digest of the whole package, `digest` of the request in it. */
  'request.taken': { decryption: string; package: Digest; digest: Digest; request: DecryptionRequest }
  'answer.taken': { decryption: string; payload: HolderAnswer; signature: HybridSignature }
  'result.taken': { decryption: string; payload: DecryptionResult; signature: HybridSignature }
  'epoch.approved': { payload: EpochApproval; signature: HybridSignature }
  'redeal.taken': { payload: Redeal; signature: HybridSignature }
  /** `document`: digest of `payload`, which is what officers sign. */
  'exception.proposed': { document: Digest; payload: ExceptionDecisionDocument }
  /** `document`: digest of the signed decision; null for an abort, which needs no signature. */
  'exception.decided': {
    id: number
    decision: ExceptionDecision
    by: string
    reason: string
    document: Digest | null
  }
  /** In a run of version 2 alone, as what follows. */
  'heartbeat.taken': { payload: Heartbeat; signature: HybridSignature }
  'custodian.acknowledged': { payload: CustodianAcknowledgement; signature: HybridSignature; here?: true }
  'custodian.stated': { payload: CustodianStatement; signature: HybridSignature }
  'note.made': { by: string; text: string }
  /** In a run of version 3 alone: who heard the words of a digest, as the workstation says, and as somebody signed. */
  'reading.heard': { what: string; digest: Digest; by: string[] }
  'reading.signed': { payload: Hearing; signature: HybridSignature; here?: true }
  'run.paused': { by: string; cause: 'person' | 'restart'; reason: string }
  'run.resumed': { by: string }
  'run.aborted': { by: string; reason: string }
  'run.sealed': { digest: Digest; sha256: Digest; size: number }
  'run.exported': { medium: string; sha256: Digest }
  'run.receipted': { audience: Digest; digest: Digest; payload: Json; signature: HybridSignature }
  'run.closed': { closeout: Digest }
}

export type EventKind = keyof Facts

/** What `decide` returns: core adds seq, time and salt and appends all of one command in one transaction. */
export type NewEvent = { [K in EventKind]: { kind: K; stepId: string; fact: Facts[K] } }[EventKind]

/** An event with its place in the transcript. `stepId` is 'run' for what belongs to no step. */
export type Entry = NewEvent & { seq: string; time: string }

/** A card of four words that people compare: `what` the words are of, and the digest that they say. */
export type ComparedCard = { what: string; digest: Digest; card: number }

export type ExceptionScope = 'step' | 'checkpoint' | 'log-in'

export type Decision = { ok: true; events: NewEvent[] } | Refusal
