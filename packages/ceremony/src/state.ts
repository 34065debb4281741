import type { VerificationKeys } from '@lux/crypto'
import type { ExceptionDecisionDocument } from './documents/ceremony/exception.ts'
import type { DecryptionRequest } from './documents/threshold/decryption-request.ts'
import type { Domain } from './domain.ts'
import type { CheckpointReason } from './effects.ts'
import type { BoundDestination, Seat } from './events.ts'
import type { Authorities, BoundEpoch, ExceptionDecision, Terms } from './model/commands.ts'
import type { RunState, StepState } from './model/run-view.ts'
import type { Digest, KeyLevel, Plan, Step, VendorWay } from './plan/plan.ts'
import type { CheckpointRecord, EffectKind, InventoryObject, KeyEvidence, Results } from './results.ts'

export type Intent = { effect: EffectKind; nonce: string; rootId: string; ckaId: string; sealCkaId: string }

/** Where one step stands. `stage` indexes the stages of its kind (model/stages.ts). */
export type StepProgress = {
  part: number
  step: Step
  state: StepState
  attempt: number
  stage: number
  intent: Intent | null
  started: string | null
  finished: string | null
  summary: { label: string; value: string }[]
  /** CKA_IDs of attempts that were given up; whatever they left is destroyed by the next attempt. */
  abandoned: string[]
  /** Index in State.checkpoints of the checkpoint of the current stage, once made. */
  checkpoint: number | null
}

export type TokenState = {
  role: string
  serial: string
  initialised: boolean
  loggedIn: boolean
  /** A log-in step was done, so a lost session is logged in again before anything else runs. */
  wanted: boolean
  probed: boolean
  wrapMechanism: string
  /** What the opening inventory found; the closing one is compared with it. */
  baseline: InventoryObject[]
}

export type MadeKey = {
  id: string
  level: KeyLevel
  token: string
  step: string
  attempt: number
  ckaId: string
  /** Of the root alone, else ''. */
  rootId: string
  /** The ceremony in which the root was born. */
  bornIn: string
  mechanism: string
  wrapped: Digest | null
  evidence: KeyEvidence | null
  blobs: Results['generate-root']['blobs']
}

/** A root that the vendor's tool brought into another token, proved there. `token`: its role. */
export type Replica = {
  id: string
  token: string
  serial: string
  way: VendorWay
  evidence: KeyEvidence
  mechanism: string
  digest: Digest
}

/** A key that somebody vouches for. `id`: the key's, or `ceremony`. */
export type Attestation = Results['attest'] & { id: string; level: 'ceremony' | KeyLevel; token: string }

export type CheckpointState = CheckpointRecord & {
  reason: CheckpointReason
  live: boolean
  cosigned: { name: string; signer: string }[]
}

export type ExceptionState = {
  id: number
  step: string
  about: 'failed' | 'ambiguous' | 'mismatch' | 'reported'
  expected: string
  happened: string
  /** What is tried again: the step's own effect, a checkpoint, or a repeated log-in. */
  scope: ExceptionScope
  choices: ExceptionDecision[]
  /** Attempt of the step at which it was opened. */
  attempt: number
  /** What officers are asked to sign, and who has. */
  proposal: { document: Digest; payload: ExceptionDecisionDocument; signers: string[] } | null
  /** Digest of the decision that officers signed. */
  document: Digest | null
  decision: ExceptionDecision | null
  by: string | null
  reason: string | null
}

export type ExceptionScope = 'step' | 'checkpoint' | 'log-in'

/** `holders`: names, by index from 1. */
export type LiveEpoch = BoundEpoch & { t: number; n: number; holders: string[] }

export type DecryptionState = {
  id: string
  epoch: LiveEpoch | null
  package: Digest | null
  digest: Digest | null
  request: DecryptionRequest | null
  approvedBy: string[]
  answers: {
    name: string
    holder: number
    decision: 'approved' | 'refused'
    digest: Digest
    reason: string
  }[]
  result: {
    digest: Digest
    outcome: 'combined' | 'inconsistent'
    verified: number
    cheaters: number[]
  } | null
}

export type ReshareState = {
  old: LiveEpoch
  approvedBy: { name: string; digest: Digest }[]
  redealt: { name: string; dealer: number; digest: Digest; correction: Digest; envelopes: Digest[] }[]
  next: (LiveEpoch & { commitments: Digest }) | null
  /** By index of the new holders; null where one has not proved the share. */
  acknowledgements: (Digest | null)[]
  live: Digest | null
}

/** Where the run stands, apart from pauses, exceptions and reconciling, which lie over it. */
export type BaseState = Exclude<RunState, 'Paused' | 'Exception' | 'Reconciling'>

/** All that a run is, folded from header, plan and entries alone; plain JSON, no secrets. */
export type State = {
  ceremonyId: string
  domain: Domain
  planHash: Digest
  policyDigest: Digest
  plan: Plan
  /** Entries folded so far: the next entry's seq. */
  size: number
  started: boolean
  base: BaseState
  paused: 'person' | 'restart' | null
  terms: Terms
  seats: Seat[]
  destinations: BoundDestination[]
  tokens: TokenState[]
  steps: StepProgress[]
  /** Index of the current step; steps.length at the end. */
  current: number
  ceremonyKey: {
    token: string
    ckaId: string
    sealCkaId: string
    keys: VerificationKeys
    evidence: KeyEvidence['level']
    destroyed: boolean
  } | null
  opening: { digest: Digest; signers: string[] } | null
  checkpoints: CheckpointState[]
  /** A checkpoint to make before anything else, for a closed exception or a pause. */
  due: CheckpointReason | null
  exceptions: ExceptionState[]
  /** A recorded outcome that is none as planned, until the next entry opens the exception about it. */
  refused: { step: string; attempt: number; expected: string; happened: string } | null
  /** An earlier build went on where this one asks: HISTORY-03. */
  outdated: boolean
  keys: MadeKey[]
  replicas: Replica[]
  attestations: Attestation[]
  /** Dealt in this run. */
  fhe: (Results['fhe-deal'] & { acknowledged: string[] }) | null
  authorities: Authorities
  /** The epoch in which holders answer now; null before there is a key. */
  epoch: LiveEpoch | null
  decryptions: DecryptionState[]
  reshare: ReshareState | null
  /** What holders said was left of their budgets, by epoch and name. */
  budgets: { epochId: Digest; name: string; left: { at64: number; at128: number } }[]
  /** Possession proofs by key. */
  proofs: { key: string; mechanism: string; digest: Digest }[]
  bundle: {
    digest: Digest
    subject: Digest
    signers: string[]
    sha256: Digest | null
    size: number | null
  } | null
  receipts: { audience: Digest; digest: Digest }[]
  closeout: Digest | null
}
