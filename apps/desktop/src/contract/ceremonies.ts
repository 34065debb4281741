import type { Failure } from './result.ts'
import type { PinState } from './tokens.ts'

export const fileKinds = [
  'plan',
  'lock',
  'card',
  'key',
  'share',
  'bundle',
  'policy',
  'transport',
  'epoch',
  'document',
  'transcript',
  'report',
  'paper',
  'library',
  'backup',
  'script',
] as const
export type FileKind = (typeof fileKinds)[number]

export type Domain = 'production' | 'rehearsal'

export type RunState =
  | 'created'
  | 'opened'
  | 'running'
  | 'paused'
  | 'exception'
  | 'reconciling'
  | 'sealing'
  | 'sealed'
  | 'exported'
  | 'receipted'
  | 'closed'
  | 'aborted'
  | 'revoked'

/** `working`: the machine is at it; `unknown`: it was interrupted and the token is being looked at. */
export type StepState = 'pending' | 'ready' | 'working' | 'unknown' | 'failed' | 'skipped' | 'done'

export type Actor = { role: string; name: string }

/** What a step is called: `title` by the script, where it says one, else its id. `do`: its kind, as in the plan. */
export type StepName = { id: string; do: string; title: string }

export type StepView = StepName & {
  /** 1-based over the whole run. */
  number: number
  /** What the people in the room do or say, from the script; `textKey` is the script's i18n key of it. */
  text: string
  textKey?: string
  actor: Actor
  /** People do it by themselves, and see it while it is done. */
  byHand?: true
  /** What whoever goes on says with it. */
  says?: 'who is here' | 'the time'
  state: StepState
  /** ISO-8601 UTC: since when the run stands or stood at it, and when it was done. */
  startedAt: string | null
  doneAt: string | null
  /** What came of it so far, in the order to show. */
  results: Fact[]
}

export type PartView = { id: string; kind: string; title: string; steps: StepView[] }

/** How the screen shows a value: `words` are PGP words, `hex` and `code` stay left to right. */
export type FactForm = 'text' | 'code' | 'hex' | 'words' | 'time' | 'bytes' | 'number' | 'flag'
/** `name` is an i18n key below `facts`; `key` is the i18n key of a value that is text, where it has one. */
/** `words`: those of a digest, where people compare it. */
export type Fact = { name: string; value: string; form: FactForm; key?: string; words?: string[] }

export type Field = {
  name: string
  /**
   * `file` and `folder` are chosen in a dialog of the system's, never typed; `time` is read off another clock. The value of `several` is the
   * choices that were ticked, with commas between them.
   */
  type: 'text' | 'integer' | 'time' | 'choice' | 'several' | 'flag' | 'words' | 'file' | 'folder'
  label: string
  /** Of a `file`. */
  kind?: FileKind
  choices?: string[]
  /** Of a choice among serials: what each token is called, and where it is. */
  tokens?: { serial: string; label: string; slot: string }[]
  initial?: string
  /** Values of other fields without which this one counts for nothing. */
  only?: Record<string, string>
  min?: number
  max?: number
  optional?: boolean
}

export type Signer = { name: string; role: string; signed: boolean; standIn: boolean }

/** What a signature or a file is about. */
export const documentKinds = [
  'opening',
  'checkpoint',
  'exception',
  'bundle',
  'policy',
  'acknowledgement',
  'receipt',
  'decryption-request',
  'decryption-approval',
  'holder-answer',
  'decryption-result',
  'epoch-approval',
  'redeal',
  'heartbeat',
  'custodian-acknowledgement',
  'custodian-statement',
] as const
export type DocumentKind = (typeof documentKinds)[number]

/**
 * What people type on devices of their own, each line as it is: in the folder of the copy on the `medium`, or beside a copy of the
 * whole `run` folder.
 */
export type DeviceCommands = { at: 'medium' | 'run'; groups: { who: string[]; lines: string[] }[] }

/** What the current step waits for. An empty list with `mayProceed` asks only for Proceed. */
export type Need =
  | { need: 'confirm'; text: string }
  | { need: 'values'; fields: Field[] }
  | {
      need: 'pin'
      token: string
      role: string
      label: string
      user: 'user' | 'so'
      pin: PinState
      /** Seconds for the entry at the token's own pad, which begins at Proceed; null: typed here. */
      padSeconds: number | null
      /** Typed already, and used at Proceed. */
      taken: boolean
    }
  | {
      need: 'sign'
      what: DocumentKind
      /** The document to sign, written below the run's folder. */
      file: string
      digest: string
      words: string[]
      required: number
      signers: Signer[]
      /** Of a rehearsal: who is awaited with a device of their own. */
      ownDevices: string[]
    }
  | {
      need: 'file'
      what: DocumentKind
      from: string[]
      file: string | null
      /** Of a production run's holders; null for everybody else. */
      commands: DeviceCommands | null
    }

/** One thing that a person's own device takes by codes; `payload` is Base64. */
export type CarriedView = {
  type:
    | 'policy'
    | 'share-package'
    | 'request-package'
    | 'signature-request'
    | 'heartbeat-request'
    | 'epoch-package'
    | 'epoch-live'
  payload: string
}

/** What a window scans off people's devices while a run waits for it. */
export const scannedAnswers = [
  'acknowledgement',
  'holder-answer',
  'signature',
  'epoch-approval',
  'redeal-package',
  'heartbeat',
] as const

export type ScannedAnswer = (typeof scannedAnswers)[number]

/** Who can be enrolled here, and take part in a rehearsal with a device of their own. */
export const enrolledKinds = ['holder', 'officer', 'witness', 'approver'] as const

export type EnrolledKind = (typeof enrolledKinds)[number]

/** Words that people compare: `what` they are of, as a key below `reading.of`. */
export type Compared = { what: string; digest: string; words: string[] }

export type CurrentStep = StepView & {
  needs: Need[]
  /** What is read aloud and compared at this step, in its order. */
  compares: Compared[]
  /** Measured values and results to show, fingerprints among them. */
  facts: Fact[]
  /** What people do with the vendor's own tool before they proceed; empty elsewhere. */
  procedure: { id: string; words: string; command: string | null }[]
  mayProceed: boolean
  /** Why Proceed is off: an i18n key below `blocked`, null when it is on. */
  blocked: BlockedReason | null
  failure: { code: string; detail: string; attempt: number } | null
}

export const blockedReasons = [
  'machine-works',
  'pin-missing',
  'signatures-missing',
  'file-missing',
  'paused',
  'exception-open',
  'ended',
  'token-missing',
] as const
export type BlockedReason = (typeof blockedReasons)[number]

/** What people decide about an exception, as the engine and the transcript call it. */
export const exceptionDecisions = ['retry', 'continue', 'abort'] as const
type Decision = (typeof exceptionDecisions)[number]

export type ExceptionView = {
  id: string
  step: string
  about: 'failed' | 'ambiguous' | 'mismatch' | 'reported'
  code: string
  happened: string
  expected: string
  /** Decisions that the engine accepts here. */
  decisions: Decision[]
  /** How many of these officers have to sign what is decided. */
  signers: { required: number; names: string[] }
  /** The card, from 1, of words that somebody heard or read differently. */
  compared: (Compared & { card: number }) | null
}

/** A key of the plan: `step` is the number of the step that makes it, null where it was there `before` the run. */
export type KeyView = {
  id: string
  name: string
  level: 'root' | 'organisation' | 'project' | 'data' | 'threshold'
  parent: string | null
  step: number | null
  state: 'todo' | 'now' | 'made' | 'before'
  madeAt: string | null
}

/** `by` is empty where the machine reported it; `decided`: null for a note, and while a deviation waits for its decision. */
export type Remark = {
  kind: 'note' | 'deviation'
  step: string
  at: string
  by: string
  text: string
  decided: Decision | null
  /** Of a deviation: the card of words that differed. */
  compared: { what: string; digest: string; card: number } | null
}

/** Whose signatures under what are there; `required` of all of them are enough. */
export type GatheredView = {
  what: 'opening' | 'bundle' | 'acknowledgement'
  present: string[]
  missing: string[]
  required: number
}

export type CheckpointView = {
  size: number
  root: string
  words: string[]
  signedBy: string[]
  missing: string[]
}

export type Work = { what: string; fraction: number | null; cancellable: boolean; startedAt: string }

export type RunTokenView = {
  role: string
  serial: string
  label: string
  present: boolean
  session: 'none' | 'user' | 'so'
  pin: PinState
}

/**
 * What a paused run waits for, where it comes as a file: `where` one is put by hand, whose it is, and whether one has `come` there that
 * Resume takes. `vendor`: the file of the vendor's tool.
 */
export type AwaitedFile = { from: string[]; where: string; vendor: boolean; come: boolean }

export type RunView = {
  id: string
  title: string
  organisation: string
  domain: Domain
  state: RunState
  created: string
  folder: string
  planHash: string
  planWords: string[]
  policyDigest: string
  policyWords: string[]
  people: { name: string; role: string; standIn: boolean }[]
  /** Whom the steps and the quorums need in the room: of these names at least so many. */
  inRoom: { role: string; names: string[]; atLeast: number }[]
  /** Who is in the room; null before the roll call, and where nobody said who is here. */
  here: string[] | null
  tokens: RunTokenView[]
  parts: PartView[]
  /** null before the start and after the end. */
  current: CurrentStep | null
  exception: ExceptionView | null
  /** Who or what paused the run, while it is paused; `restart`: the run paused itself, and `by` is empty. */
  paused: { cause: 'person' | 'restart'; by: string; reason: string; awaits: AwaitedFile | null } | null
  /**
   * Who of the epoch that is left may still say what is left, and counts as having spent all otherwise. `carried` of `whole` equal parts
   * are carried on by those who have, if all have as much; null where nobody is asked.
   */
  unstated: string[]
  carried: { carried: number; whole: number } | null
  /** Whether their word is taken in now. */
  mayState: boolean
  /** That the next epoch is live, once it is signed: for every phone that holds an old or a new share; null until then. */
  epochLive: { file: string } | null
  /** How they say it in a production run; null where nobody is asked, or stand-ins say it here. */
  statementCommands: DeviceCommands | null
  /** What each key rests on: its id (`ceremony`: the run's own signing key), its level in the tree, E0 to E3. */
  evidence: { id: string; level: string; evidence: 'E0' | 'E1' | 'E2' | 'E3' }[]
  checkpoints: CheckpointView[]
  keys: KeyView[]
  gathered: GatheredView[]
  remarks: Remark[]
  progress: { done: number; total: number }
  work: Work | null
  /** Token that still holds the signing key of an aborted run, by its serial; null once it is proved absent, or none was made. */
  keyLeft: string | null
  /** What an aborted run made and nobody destroyed, once its key is proved absent. */
  leftOnTokens: { serial: string; ckaId: string; label: string }[]
  /** Set once sealed. */
  bundle: { path: string; digest: string; words: string[]; bytes: number } | null
  /** What the buttons may do now. `hear`: its transcript takes who heard words that were read aloud. */
  may: Record<'pause' | 'resume' | 'abort' | 'cancel' | 'note' | 'hear' | 'deviate', boolean>
}

export type CeremonySummary = {
  id: string
  title: string
  organisation: string
  domain: Domain
  state: RunState
  /** Whether nothing may happen in it any more. */
  over: boolean
  created: string
  progress: { done: number; total: number }
  /** The step it stands at. */
  at: StepName | null
  actor: Actor | null
}

/** A ceremony whose folder cannot be opened now; the others are shown all the same. */
export type UnreadableRun = { id: string; failure: Failure }

export type ScriptView = {
  id: string
  title: string
  summary: string
  kinds: string[]
  fields: Field[]
  /** A script of this store: when it was frozen. Its id has the hash of its file. */
  frozen?: string
  /** Of which kinds enrolled people can take part on devices of their own. */
  ownDevices: EnrolledKind[]
}

/** How long another clock's reading counts: the entry's own time is no further from the moment of reading. */
export const clockReadMs = 2 * 60_000
