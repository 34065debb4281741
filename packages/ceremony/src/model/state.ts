import type { VerificationKeys } from '@lux/crypto'
import type { DealtBackup } from '../documents/backup/dealt-backup.ts'
import type { ExceptionDecisionDocument } from '../documents/ceremony/exception.ts'
import type { Domain } from '../documents/format/fields.ts'
import type { DecryptionRequest } from '../documents/threshold/decryption-request.ts'
import type { Digest, KeyLevel, Plan, ReplicaWay, RunHeader, Step } from '../plan/plan.ts'
import { stepsOf } from '../plan/queries.ts'
import type { Authorities } from '../policy/authorities.ts'
import type { ExceptionDecision, Terms } from './commands.ts'
import type {
  BoundEpoch,
  CheckpointReason,
  CheckpointRecord,
  EffectKind,
  InventoryObject,
  KeyEvidence,
  Results,
  SpareTransport,
} from './effects.ts'
import type { BoundDestination, ComparedCard, ExceptionScope, Seat } from './events.ts'
import type { RunState, StepState } from './run-view.ts'

export type Intent = { effect: EffectKind; nonce: string; rootId: string; ckaId: string; sealCkaId: string }

/** Where one step stands. `stage` indexes the stages of its kind (steps/stages.ts). */
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
  spares: SpareTransport[]
}

/** A root that the vendor's tool or a window brought into another token, proved there. `token`: its role. */
export type Replica = {
  id: string
  token: string
  serial: string
  way: ReplicaWay
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
  /** The words that somebody heard or read differently. */
  compared: ComparedCard | null
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

/** A root that a backup gave back, in the token of this role. */
export type RestoredRoot = Omit<Results['restore-root'], 'objects' | 'unreadable'> & { token: string }

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
  /** Who is in the room, by the roll call and by what came after it; null before it, and where nobody said who is here. */
  here: readonly string[] | null
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
  incompatibleHistory: boolean
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
  /** What holders have stated over the challenge of this run; null before they are asked. */
  heartbeat: {
    challenge: Digest
    /** Holders who have stated it. */
    said: string[]
  } | null
  /** Backups that the windows of this run made, by the root's id, with the names of who has proved the share. */
  backups: (NonNullable<Results['generate-root']['backup']> & { key: string; acknowledged: string[] })[]
  /** The backup of an earlier ceremony that the run uses, and the names of who has stated the share; null where there is none. */
  recovery: {
    backup: DealtBackup
    said: string[]
    medium: Digest | null
    /** What asks for shares, and those that were given, by index. */
    request: Digest | null
    releases: { index: number; name: string; envelope: Digest }[]
    restored: RestoredRoot | null
    zeroised: boolean
  } | null
  /** The next version of the policy, and the names of who has signed it; null before it is read. */
  nextPolicy: (Results['read-policy'] & { signers: string[] }) | null
  /** Roots of earlier ceremonies that were destroyed in a token, by its role. */
  decommissioned: { id: string; token: string; serial: string; ckaId: string }[]
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

/** The state before the first entry. `plan` must lint; its hash must be the header's. */
export function initialState(header: RunHeader, plan: Plan): State {
  return {
    ceremonyId: header.ceremonyId,
    domain: header.domain,
    planHash: header.planHash,
    policyDigest: header.policyDigest,
    plan,
    size: 0,
    started: false,
    here: null,
    base: 'Created',
    paused: null,
    terms: { officers: 0, witnesses: 0, approvers: 0 },
    seats: [],
    destinations: [],
    tokens: [],
    steps: stepsOf(plan).map(({ part, step }) => ({
      part,
      step,
      state: 'Pending',
      attempt: 1,
      stage: 0,
      intent: null,
      started: null,
      finished: null,
      summary: [],
      abandoned: [],
      checkpoint: null,
    })),
    current: 0,
    ceremonyKey: null,
    opening: null,
    checkpoints: [],
    due: null,
    exceptions: [],
    refused: null,
    incompatibleHistory: false,
    keys: plan.keys.flatMap(({ id, level, existing }) =>
      existing === undefined
        ? []
        : [
            {
              id,
              level,
              token: 'ceremony',
              step: '',
              attempt: 0,
              ckaId: existing.ckaId,
              rootId: existing.rootId,
              bornIn: existing.ceremonyId,
              mechanism: '',
              wrapped: null,
              evidence: null,
              blobs: [],
              spares: [],
            },
          ],
    ),
    replicas: [],
    attestations: [],
    fhe: null,
    authorities: { requesters: [], combiners: [], evaluators: [], encryptors: [] },
    epoch: null,
    decryptions: (plan.decryptions ?? []).map(({ id }) => ({
      id,
      epoch: null,
      package: null,
      digest: null,
      request: null,
      approvedBy: [],
      answers: [],
      result: null,
    })),
    reshare: null,
    budgets: [],
    heartbeat: null,
    backups: [],
    recovery: null,
    nextPolicy: null,
    decommissioned: [],
    proofs: [],
    bundle: null,
    receipts: [],
    closeout: null,
  }
}

/** A copy whose parts may be changed; plan, seats and destinations never change after the start. */
export function draft(state: State): State {
  return {
    ...state,
    tokens: state.tokens.map((token) => ({ ...token })),
    steps: state.steps.map((step) => ({
      ...step,
      summary: [...step.summary],
      abandoned: [...step.abandoned],
    })),
    opening: state.opening && { ...state.opening, signers: [...state.opening.signers] },
    checkpoints: state.checkpoints.map((checkpoint) => ({
      ...checkpoint,
      cosigned: [...checkpoint.cosigned],
    })),
    exceptions: state.exceptions.map((exception) => ({
      ...exception,
      proposal: exception.proposal && { ...exception.proposal, signers: [...exception.proposal.signers] },
    })),
    keys: [...state.keys],
    replicas: [...state.replicas],
    attestations: [...state.attestations],
    ceremonyKey: state.ceremonyKey && { ...state.ceremonyKey },
    fhe: state.fhe && { ...state.fhe, acknowledged: [...state.fhe.acknowledged] },
    heartbeat: state.heartbeat && { ...state.heartbeat, said: [...state.heartbeat.said] },
    backups: state.backups.map((one) => ({ ...one, acknowledged: [...one.acknowledged] })),
    recovery: state.recovery && {
      ...state.recovery,
      said: [...state.recovery.said],
      releases: [...state.recovery.releases],
    },
    nextPolicy: state.nextPolicy && { ...state.nextPolicy, signers: [...state.nextPolicy.signers] },
    decommissioned: [...state.decommissioned],
    proofs: [...state.proofs],
    ...draftEpochs(state),
    bundle: state.bundle && { ...state.bundle, signers: [...state.bundle.signers] },
    receipts: [...state.receipts],
  }
}

/** Copies of the parts that entries about epochs change. */
function draftEpochs(state: State): Pick<State, 'decryptions' | 'reshare' | 'budgets'> {
  return {
    decryptions: state.decryptions.map((one) => ({
      ...one,
      approvedBy: [...one.approvedBy],
      answers: [...one.answers],
    })),
    reshare: state.reshare && {
      ...state.reshare,
      approvedBy: [...state.reshare.approvedBy],
      redealt: [...state.reshare.redealt],
      acknowledgements: [...state.reshare.acknowledgements],
    },
    budgets: [...state.budgets],
  }
}
