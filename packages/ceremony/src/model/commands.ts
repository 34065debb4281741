import type { HybridSignature, Json, Refusal } from '@lux/crypto'
import type { DealtBackup } from '../documents/backup/dealt-backup.ts'
import type { Authorities } from '../policy/authorities.ts'
import type { BoundEpoch, EffectKind, Failure, Finding } from './effects.ts'

/** What the policy asks for, read from it by core: how many officers open and seal, how many witnesses cosign. */
export type Terms = { officers: number; witnesses: number; approvers: number }

/** Who says that they heard all cards of a digest; where nobody is named, whoever goes on says it. */
export type HeardWords = { readonly digest: string; readonly by: readonly string[] }

export type Command =
  /**
   * First command of a run. `cards`: one per person of the plan, in the plan's order, as parsed JSON. Production:
   * each card's digest must be the plan's. Rehearsal: each must be of domain rehearsal with the same role and name.
   * `destinations`: server card and signed transport document (null: no root goes there), in the plan's order; a rehearsal may have its own, or none.
   * `tokens`: the serial bound to each role ('' for one that a step initialises).
   */
  | {
      type: 'start'
      by: string
      terms: Terms
      cards: Json[]
      destinations: { card: Json; transport: Json | null }[]
      tokens: { role: string; serial: string }[]
      authorities: Authorities
      /** What the run takes for the plan's `fhe.existing`: the same in production, a stand-in's in a rehearsal; else null. */
      epoch: BoundEpoch | null
      /** What it takes for the backup of the plan's `recovery`, as with `epoch`. */
      backup: DealtBackup | null
    }
  /** A requester's package, for the decryption at which the run stands. `now`: ISO-8601 UTC, for its expiry. */
  | { type: 'take-request'; decryption: string; package: Json; now: string }
  /**
   * A person says go: at every place where `view(state).needs` is confirm, values or pin. `by` is a name. `now`: ISO-8601 UTC by
   * the workstation's clock, which a clock check compares. `heard`: what was read aloud and heard to its last card. `here`: at the
   * roll call, who ticked their own name; production needs it, and in a rehearsal nobody is away without it.
   */
  | {
      type: 'proceed'
      step: string
      by: string
      input?: Record<string, string>
      heard: readonly HeardWords[]
      here?: readonly string[]
      now: string
    }
  /** `nonce`, `rootId`: 16 fresh random bytes each, hex; rootId is used where the effect needs a second value. */
  | { type: 'intend'; step: string; attempt: number; nonce: string; rootId: string }
  | { type: 'outcome'; step: string; attempt: number; effect: EffectKind; result: Json }
  | { type: 'outcome'; step: string; attempt: number; effect: EffectKind; failure: Failure }
  | { type: 'reconcile'; step: string; attempt: number; finding: Finding }
  /**
   * A signature from a person's own device. `payload` is the exact signed bytes (JCS of the document's payload, for
   * the bundle the DSSE pre-authentication encoding); decide checks it, the signer's place and the signature. `here`: it was made at
   * the workstation itself.
   */
  | { type: 'submit'; what: SubmissionKind; payload: Uint8Array; signature: HybridSignature; here?: true }
  /** `restart`: sent once by core when it loads a run that is not at rest, and when the token host was restarted. */
  | { type: 'pause'; by: string; cause: 'person' | 'restart'; reason: string }
  /** `answer`: sent by core when an answer comes for which the paused run waits; the machine goes on then, and nobody is named. */
  | { type: 'resume'; by: string; cause?: 'answer' }
  | { type: 'abort'; by: string; reason: string }
  /** A person reports something that the script does not foresee; it opens an exception. */
  | { type: 'note'; by: string; text: string }
  | { type: 'deviate'; by: string; step: string; expected: string; happened: string }
  /** Somebody heard or read other words than are shown: `card`, 1 to 8, of those of `digest`. It opens an exception. */
  | { type: 'differs'; by: string; digest: string; card: number }
  /**
   * A person proposes what to do; officers then sign it (`submit` exception), and a new proposal replaces one that is not
   * signed yet. An abort takes effect at once. `head`: of the transcript as it stands, from core.
   */
  | {
      type: 'decide-exception'
      by: string
      decision: ExceptionDecision
      reason: string
      head: TranscriptHead
    }

/** A signature that somebody hands in. */
export type Submit = Extract<Command, { type: 'submit' }>

export type SubmissionKind =
  | 'opening'
  | 'checkpoint'
  | 'exception'
  | 'bundle'
  | 'acknowledgement'
  | 'receipt'
  | 'decryption-approval'
  | 'holder-answer'
  | 'decryption-result'
  | 'epoch-approval'
  | 'redeal'
  | 'heartbeat'
  | 'custodian-acknowledgement'
  | 'custodian-statement'
  | 'policy'

/** Number of entries, chain head and Merkle root over them, SPEC.md 3.2. */
export type TranscriptHead = { size: string; node: string; root: string }

export type ExceptionDecision = 'retry' | 'continue' | 'abort'

/** Of a refused command: nothing was recorded, and `rule` is a key of `rules`. */
export type { Refusal }
