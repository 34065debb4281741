import type { Domain } from '../documents/format/fields.ts'
import type { AskedValue, KeyLevel, Role, StepKind } from '../plan/plan.ts'
import type { ExceptionDecision, SubmissionKind } from './commands.ts'
import type { KeyEvidence, PinNeed } from './effects.ts'
import type { ComparedCard } from './events.ts'

export type RunState =
  | 'Created'
  | 'Opened'
  | 'Running'
  | 'Paused'
  | 'Exception'
  | 'Reconciling'
  | 'Sealing'
  | 'Sealed'
  | 'Exported'
  | 'Receipted'
  | 'Closed'
  | 'Aborted'

export type StepState =
  | 'Pending'
  | 'Ready'
  | 'IntentLogged'
  | 'Executing'
  | 'OutcomeLogged'
  | 'Verified'
  | 'Witnessed'
  | 'Done'
  | 'Unknown'
  | 'Skipped'

/** What stands between now and the next progress. Exactly one at a time; null when the run is over. */
export type Needs =
  | { kind: 'start' }
  /**
   * Proceed by `names` (any one). `willDo` is the kind of effect that Proceed starts, or `record`: an i18n key.
   * `shows`: public values to read aloud, as PGP words and hex.
   */
  | {
      kind: 'confirm'
      names: string[]
      willDo: string
      shows: { label: string; words: string[]; hex: string }[]
    }
  | {
      kind: 'values'
      names: string[]
      willDo: string
      values: AskedValue[]
    }
  /** Core collects the PINs, then sends proceed with `values` (`again`: core runs the owed log-in, no proceed). */
  | { kind: 'pin'; names: string[]; willDo: string; pins: PinNeed[]; again: boolean; values: AskedValue[] }
  | {
      kind: 'signatures'
      what: 'opening' | 'checkpoint' | 'exception' | 'bundle' | 'decryption-approval' | 'policy'
      subject: string
      threshold: number
      present: string[]
      missing: string[]
      stillNeeded: number
    }
  /** `next`: of shares that were dealt again, for the next epoch. `subject`: the epoch whose shares are proved. */
  | { kind: 'acknowledgements'; subject: string; present: string[]; missing: string[]; next: boolean }
  | { kind: 'receipt'; missing: string[] }
  /** A requester's package for a decryption of the plan; core sends `take-request`. */
  | { kind: 'request'; decryption: string; what: string }
  /** Any of `missing` answers; `stillNeeded` more have to say yes. `subject`: digest of the request. */
  | {
      kind: 'answers'
      decryption: string
      subject: string
      present: string[]
      refused: string[]
      missing: string[]
      stillNeeded: number
    }
  | { kind: 'result'; decryption: string; subject: string }
  /** Any of `missing`, holders of the old epoch. */
  | { kind: 'epoch-approvals'; subject: string; present: string[]; missing: string[]; stillNeeded: number }
  | { kind: 'redeals'; present: string[]; missing: string[] }
  /** Any of `missing`, holders; or proceed by `names`, without those who are missing. `subject`: the challenge. */
  | { kind: 'heartbeats'; names: string[]; subject: string; present: string[]; missing: string[] }
  /** Each of `missing`, custodians of a backup. */
  | { kind: 'custodian-acknowledgements'; present: string[]; missing: string[] }
  /** Any of `missing`, custodians. `subject`: digest of what asks them. */
  | { kind: 'share-releases'; subject: string; present: string[]; missing: string[]; stillNeeded: number }
  /** Any of `missing`, custodians; or proceed by `names`, without those who are missing. `subject`: what the medium is checked by. */
  | { kind: 'share-checks'; names: string[]; subject: string; present: string[]; missing: string[] }
  | { kind: 'exception'; id: number; choices: ExceptionDecision[] }
  | { kind: 'resume' }
  /** Core is at work on `effect`; nobody has to do anything. */
  | { kind: 'wait'; effect: string }

export type StepView = {
  id: string
  part: number
  do: StepKind
  actor: Role
  names: string[]
  textKey: string
  text: string
  state: StepState
  attempt: number
  /** Entry times, ISO-8601 UTC, or null. */
  started: string | null
  finished: string | null
  /** Public facts of the outcome, in the order to show. */
  summary: { label: string; value: string }[]
  pausable: boolean
}

export type ExceptionView = {
  id: number
  step: string
  about: 'failed' | 'ambiguous' | 'mismatch' | 'reported'
  expected: string
  happened: string
  decision: ExceptionDecision | null
  by: string | null
  reason: string | null
  choices: ExceptionDecision[]
  /** The words that somebody heard or read differently. */
  compared: ComparedCard | null
  /** What officers are asked to sign, or null. */
  proposal: { decision: ExceptionDecision; by: string; reason: string; document: string } | null
  /** Digest of the signed decision. */
  document: string | null
}

/** All of a run that a screen or `custody ceremony status --json` shows: plain JSON. */
/** Of `names`, who all hold `role`, `atLeast` so many have to be in the room. */
export type NeededInRoom = { role: string; names: string[]; atLeast: number }

export type RunView = {
  inRoom: NeededInRoom[]
  /** Who is in the room; null before the roll call, and where nobody said who is here. */
  here: string[] | null
  ceremonyId: string
  domain: Domain
  title: string
  organisation: string
  planHash: string
  state: RunState
  parts: { kind: string; steps: StepView[] }[]
  current: string | null
  needs: Needs | null
  /** What people compare now, word by word. */
  compares: { what: string; digest: string }[]
  exceptions: ExceptionView[]
  signatures: { what: SubmissionKind; subject: string; present: string[]; missing: string[] }[]
  checkpoints: { size: number; reason: string; digest: string; live: boolean; cosigned: string[] }[]
  /** What each key that was made rests on, the ceremony key first. */
  evidence: { id: string; level: 'ceremony' | KeyLevel; evidence: KeyEvidence['level'] }[]
  holders: { name: string; index: number; state: 'enrolled' | 'dealt' | 'proved' }[]
  /** The epoch in which holders answer, and what was decrypted or is asked. */
  epoch: { keyId: string; epochId: string; epoch: number; t: number; n: number; holders: string[] } | null
  decryptions: {
    id: string
    request: string | null
    what: string
    purpose: string
    requester: string
    expiry: string | null
    approvedBy: string[]
    answers: { name: string; decision: 'approved' | 'refused'; reason: string }[]
    outcome: 'combined' | 'inconsistent' | null
    verified: number
    cheaters: number[]
  }[]
  /** Blocks that each holder says are left in the live epoch. */
  budgets: { name: string; at64: number; at128: number }[]
  /**
   * Who of the epoch that is left may still say what is left, and counts as having spent all otherwise. `carried` of `whole` equal
   * parts are carried on by those who have, if all have as much.
   */
  unstated: string[]
  carried: { carried: number; whole: number } | null
  bundle: { digest: string; sha256: string | null; size: number | null } | null
  progress: { done: number; total: number }
  /** Whether nothing may happen any more: a rehearsal without a destination is over once it is sealed. */
  over: boolean
  pausable: boolean
  /** Whether a note is taken now. */
  notable: boolean
  abortable: boolean
}
