import type { Approvals } from './approvals.ts'
import type {
  CarriedView,
  CeremonySummary,
  DocumentKind,
  FileKind,
  RunView,
  ScannedAnswer,
  ScriptView,
  StepInput,
  UnreadableRun,
} from './ceremonies.ts'
import type { ErrorCode } from './codes.ts'
import type { DueItem } from './due.ts'
import type { NamedFile } from './files.ts'
import type { Language } from './languages.ts'
import type { Paper } from './paper.ts'
import type {
  AppInfo,
  BundleSummary,
  HolderView,
  Settings,
  ShareView,
  StoreBackupView,
  TakenAway,
  TranscriptFilter,
  TranscriptPage,
  takenPapers,
  VerifyView,
} from './records.ts'
import type { DraftEdit, DraftSummary, DraftView } from './scripts.ts'
import type {
  PersonRole,
  PlannedPart,
  PlanOnPaper,
  PolicyOnPaper,
  SetupChange,
  SetupDomain,
  SetupSummary,
  SetupView,
} from './setups.ts'
import type { Appearance, CoreStatus, ShellInfo } from './shell.ts'
import type {
  LibraryState,
  LibraryView,
  ObjectView,
  ProbeView,
  SlotView,
  TokenView,
  TrialView,
} from './tokens.ts'

import type { Wall, WallState } from './wall.ts'

/** One API: its input and output (types only) and the codes it may answer with, beyond those that any call may meet. */
export type Api<Input, Output> = {
  readonly errors: readonly ErrorCode[]
  readonly types?: { readonly input: Input; readonly output: Output }
}

function api<Input, Output>(...errors: ErrorCode[]): Api<Input, Output> {
  return Object.freeze({ errors: Object.freeze(errors) })
}

type Empty = Record<string, never>

/** Served by core. Every `path`, `folder`, `plan`, `lock` and `policy` of an input was chosen in a dialog of main's first. */
export const apis = {
  'app.info': api<Empty, AppInfo>(),
  /** Nobody is at the window: logs every token out that no ceremony's machine works on now, and forgets typed PINs. */
  'app.lock': api<Empty, { loggedOut: string[] }>(),

  'library.state': api<Empty, LibraryState>(),
  /** Loads it, and remembers it once it answers. `path` is of `found`, the remembered one, or was chosen in a dialog. */
  'library.choose': api<{ path: string; variables: string[]; initString: string }, { library: LibraryView }>(
    'LIBRARY-IN-USE',
    'LIBRARY-NAMED',
    'LIBRARY-VARIABLE',
  ),
  /** Back to the soft tokens of this store. */
  'library.own': api<Empty, { library: LibraryView }>('LIBRARY-IN-USE', 'LIBRARY-NAMED'),

  'tokens.list': api<Empty, { library: LibraryView | null; slots: SlotView[] }>(),
  /**
   * `slot` is the one that was chosen, of a token that was never initialised and so has no serial (empty); null where the serial names
   * the token. HSM-SLOT-NOT-BLANK when the slot's token is another one by now. `typedLabel` must equal the label that the token has now (empty for a new one): checked again by core.
   * So is `second` for a token that is in use: the officer who reads the end of its serial from the token. `pins`: null
   * has both chosen at the token's own pad.
   */
  'tokens.initialise': api<
    {
      slot: string | null
      serial: string
      typedLabel: string
      label: string
      pins: { so: string; user: string } | null
      second?: { name: string; serialEnd: string }
      acceptFinalTry?: boolean
    },
    { token: TokenView }
  >('TOKEN-UNKNOWN', 'TOKEN-LABEL-MISMATCH', 'TOKEN-SECOND-OFFICER', 'TOKEN-KEY-IN-USE'),
  'tokens.inventory': api<{ serial: string }, { objects: ObjectView[]; private: boolean }>('TOKEN-UNKNOWN'),
  'tokens.probe': api<{ serial: string }, { probe: ProbeView }>('TOKEN-UNKNOWN', 'WORK-CANCELLED'),
  /** Session keys alone, destroyed after each trial. Progress and Cancel go by the serial. */
  'tokens.tryOut': api<{ serial: string }, { trial: TrialView }>('TOKEN-UNKNOWN', 'WORK-CANCELLED'),
  /** One try; a null PIN is entered at the token's own pad. Where one more wrong PIN locks the token, only with `acceptFinalTry`. */
  'tokens.logIn': api<
    { serial: string; user: 'user' | 'so'; pin: string | null; acceptFinalTry?: boolean },
    { token: TokenView }
  >('TOKEN-UNKNOWN'),
  /** Of the token that the program made for training; null of every other one. */
  'tokens.trainingPins': api<{ serial: string }, { pins: { so: string; user: string } | null }>(),
  'tokens.logOut': api<{ serial: string }, { token: TokenView }>('TOKEN-UNKNOWN'),
  /**
   * By whoever is logged in, of their own PIN, and where nobody is of the user's, because an expired one lets nobody log in; nothing is
   * sent where one more wrong PIN locks the token. `pins`: null has both entered at the token's own pad.
   */
  'tokens.changePin': api<
    { serial: string; user: 'user' | 'so'; pins: { old: string; new: string } | null },
    { token: TokenView }
  >('TOKEN-UNKNOWN'),
  /**
   * The security officer, logged in, gives the user a new PIN, locked or not. `typedLabel`: of the token; `newPin`: null
   * has it chosen at the token's own pad.
   */
  'tokens.resetUserPin': api<
    { serial: string; typedLabel: string; newPin: string | null },
    { token: TokenView }
  >('TOKEN-UNKNOWN', 'TOKEN-LABEL-MISMATCH'),
  /**
   * The one object of this class and id, and looks again; of two none. `typedLabel` must equal the object's label, or its id where it has
   * none; `second` as for erasing. Refuses what a ceremony that is not over has made.
   */
  'tokens.destroyObject': api<
    {
      serial: string
      id: string
      class: 'secret-key' | 'private-key' | 'public-key'
      typedLabel: string
      second: { name: string; serialEnd: string }
    },
    { destroyed: number }
  >('TOKEN-UNKNOWN', 'TOKEN-LABEL-MISMATCH', 'TOKEN-SECOND-OFFICER', 'TOKEN-KEY-IN-USE'),

  'ceremonies.list': api<Empty, { ceremonies: CeremonySummary[]; unreadable: UnreadableRun[] }>(),
  'ceremonies.scripts': api<Empty, { scripts: ScriptView[] }>(),
  /** `ownDevices`: card digests of enrolled people who take part on a device of their own. */
  'ceremonies.startRehearsal': api<
    { script: string; values: Record<string, string>; ownDevices?: string[] },
    { id: string }
  >('SCRIPT-UNKNOWN', 'REHEARSAL-OWN-DEVICES', 'SHELL-PATHS', 'DISK-FULL', 'FOLDER-READ-ONLY'),
  /** Paths of the plan and of its lock: a production run. `epoch`: public.bin of the epoch that a plan names, if it names one. */
  'ceremonies.open': api<{ plan: string; lock: string; epoch?: string }, { id: string }>(
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'FILE-WRONG-KIND',
    'ANSWER-PART-MISSING',
    'FILE-DAMAGED',
  ),
  'ceremonies.view': api<{ id: string }, RunView>('CEREMONY-UNKNOWN'),
  /** Answers once the command is on disk; what the machine then does is told by `ceremony.changed` and `work.progress`. */
  'ceremonies.proceed': api<{ id: string; step: string; by: string; input?: StepInput }, RunView>(
    'CEREMONY-UNKNOWN',
    'STEP-NOT-CURRENT',
    'SHELL-PATHS',
    'WORK-BUSY',
  ),
  'ceremonies.signAsStandIn': api<{ id: string; what: DocumentKind; name: string }, RunView>(
    'CEREMONY-UNKNOWN',
    'STAND-IN-ONLY',
  ),
  /** `token` is the serial. The PIN is used once, never kept, never tried again. */
  'ceremonies.enterPin': api<{ id: string; token: string; user: 'user' | 'so'; pin: string }, RunView>(
    'CEREMONY-UNKNOWN',
    'TOKEN-UNKNOWN',
  ),
  'ceremonies.submitFile': api<{ id: string; path: string }, RunView>(
    'CEREMONY-UNKNOWN',
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'FILE-WRONG-KIND',
    'FILE-DAMAGED',
  ),
  /** A person's answer that the window scanned; `payload` is Base64. */
  'ceremonies.submitCarried': api<{ id: string; type: ScannedAnswer; payload: string }, RunView>(
    'CEREMONY-UNKNOWN',
    'FILE-WRONG-KIND',
    'ANSWER-PART-MISSING',
    'TRANSFER-PACKAGE',
  ),
  /**
   * What this holder's own device needs now, to be shown as codes one after the other; without `holder` what signers are asked to sign,
   * and with `live` that the next epoch is.
   */
  'ceremonies.carry': api<{ id: string; holder?: string; live?: true }, { parts: CarriedView[] }>(
    'CEREMONY-UNKNOWN',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'TRANSFER-TOO-LARGE',
  ),
  /** Copies what people are asked for now, and what that names, into a folder, reads it back and compares. */
  'ceremonies.handOut': api<{ id: string; folder: string }, { paths: string[] }>(
    'CEREMONY-UNKNOWN',
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-EXISTS',
    'FOLDER-IN-USE',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
    'FILE-DAMAGED',
  ),
  /** Writes what each holder with a device of their own needs now into a folder with that holder's name. */
  'ceremonies.handToHolders': api<{ id: string; folder: string }, { paths: string[] }>(
    'CEREMONY-UNKNOWN',
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-EXISTS',
    'FOLDER-IN-USE',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
    'FILE-DAMAGED',
  ),
  'ceremonies.pause': api<{ id: string; by: string }, RunView>('CEREMONY-UNKNOWN'),
  /** Refused where what is awaited comes as a file and none has come; `submitFile` resumes with the first that is right. */
  'ceremonies.resume': api<{ id: string; by: string }, RunView>('CEREMONY-UNKNOWN', 'RESUME-NOTHING'),
  'ceremonies.abort': api<{ id: string; by: string; reason: string }, RunView>('CEREMONY-UNKNOWN'),
  /** Anybody of the run writes something down, or reports what the script does not foresee: that waits for a decision. */
  'ceremonies.note': api<{ id: string; by: string; text: string }, RunView>('CEREMONY-UNKNOWN'),
  'ceremonies.deviate': api<
    { id: string; step: string; by: string; expected: string; happened: string },
    RunView
  >('CEREMONY-UNKNOWN'),
  /** Somebody heard or read other words than are shown, on this card of those that the step compares: the run stops until people decide. */
  'ceremonies.differs': api<{ id: string; by: string; digest: string; card: number }, RunView>(
    'CEREMONY-UNKNOWN',
  ),
  'ceremonies.decide': api<
    { id: string; by: string; decision: 'retry' | 'accept' | 'abort'; reason: string },
    RunView
  >('CEREMONY-UNKNOWN'),
  /** Stops the machine's work of the current step; `id` is a ceremony, or a token's serial: the entry at its pad. */
  'ceremonies.cancel': api<{ id: string }, Record<string, never>>(),

  /**
   * Signs what is asked now with a person's own key file, in this window; the transcript says so. `name` is of the person whose key it
   * has to be; `shown`: the digest that `toSign` gave with the lines.
   */
  'ceremonies.signHere': api<
    { id: string; name: string; key: string; passphrase: string; shown: string },
    RunView
  >(
    'CEREMONY-UNKNOWN',
    'SIGN-OTHER',
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'KEY-FILE-WRONG',
    'KEY-PASSPHRASE',
    'FOLDER-READ-ONLY',
    'DISK-FULL',
  ),
  /**
   * A holder without a device receives and proves the share that was dealt, in this window: it is kept in `out`, sealed under the
   * passphrase of the key, and what it has answered beside it.
   */
  'ceremonies.holdHere': api<
    { id: string; name: string; key: string; passphrase: string; out: string },
    RunView
  >(
    'CEREMONY-UNKNOWN',
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-EXISTS',
    'FOLDER-IN-USE',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'KEY-FILE-WRONG',
    'KEY-PASSPHRASE',
    'FOLDER-READ-ONLY',
    'DISK-FULL',
  ),
  /**
   * The sheet of a custodian's share, printed or written as PDF to `out`: main makes it, and its words never come to the window. `key` is
   * null for a simulated participant.
   */
  'ceremonies.printShare': api<
    {
      id: string
      name: string
      key: string | null
      passphrase: string
      out: string | null
      language: Language
    },
    { made: boolean }
  >(
    'CEREMONY-UNKNOWN',
    'SHELL-PATHS',
    'FOLDER-IN-USE',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'KEY-FILE-WRONG',
    'KEY-PASSPHRASE',
    'PAPER-FAILED',
    'PRINTER-NONE',
    'PRINTER-REFUSED',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  /** The words of the sheet, typed or scanned back: they prove the share, and nobody else hears them. */
  'ceremonies.proveShare': api<
    { id: string; name: string; key: string | null; passphrase: string; words: string },
    RunView
  >(
    'CEREMONY-UNKNOWN',
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'KEY-FILE-WRONG',
    'KEY-PASSPHRASE',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  /** What people are asked to sign now, in lines made from the very bytes, and the digest of these; empty where nothing is. */
  'ceremonies.toSign': api<{ id: string }, { lines: string[]; digest: string }>('CEREMONY-UNKNOWN'),

  'home.due': api<Empty, { due: DueItem[] }>(),

  'scripts.drafts': api<Empty, { drafts: DraftSummary[] }>(),
  /** `from`: a script that is shipped or of this store; null: an empty one. */
  'scripts.begin': api<{ title: string; from: string | null }, { id: string }>(
    'SCRIPT-UNKNOWN',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  'scripts.draft': api<{ id: string }, DraftView>('DRAFT-UNKNOWN'),
  'scripts.edit': api<{ id: string; edit: DraftEdit }, DraftView>('DRAFT-UNKNOWN'),
  /** Keeps the script as it stands under its hash; ceremonies can choose it from now on. */
  'scripts.freeze': api<{ id: string }, DraftView>('DRAFT-UNKNOWN'),
  'scripts.save': api<{ id: string; path: string }, { path: string }>(
    'DRAFT-UNKNOWN',
    'SHELL-PATHS',
    'FOLDER-IN-USE',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  /** What was frozen stays. */
  'scripts.discard': api<{ id: string }, Record<string, never>>('DRAFT-UNKNOWN'),

  'setups.list': api<Empty, { setups: SetupSummary[] }>(),
  'setups.begin': api<{ title: string; domain?: SetupDomain }, { id: string }>(
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  'setups.view': api<{ id: string }, SetupView>('SETUP-UNKNOWN'),
  'setups.change': api<{ id: string; change: SetupChange }, SetupView>('SETUP-UNKNOWN', 'SETUP-SIGNED'),
  /** A card, a server's card or transport file, a policy, or an officer's answer; `role`: the only kind of card that is meant. */
  'setups.take': api<{ id: string; path: string; role?: PersonRole }, SetupView>(
    'SETUP-UNKNOWN',
    'SETUP-SIGNED',
    'SETUP-EARLY',
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'FILE-WRONG-KIND',
    'CARD-DOMAIN',
    'CARD-KIND',
    'CARD-RENEWAL',
    'CARD-TWICE',
  ),
  /** The same, scanned or dropped onto the window; `payload` is Base64. */
  'setups.takeCarried': api<{ id: string; payload: string; role?: PersonRole }, SetupView>(
    'SETUP-UNKNOWN',
    'SETUP-SIGNED',
    'SETUP-EARLY',
    'FILE-TOO-LARGE',
    'FILE-WRONG-KIND',
    'CARD-DOMAIN',
    'CARD-KIND',
    'CARD-RENEWAL',
    'CARD-TWICE',
  ),
  /** A new key, sealed under the passphrase and written to `path`; its card is taken. */
  'setups.enrol': api<
    { id: string; role: PersonRole; name: string; passphrase: string; path: string },
    SetupView
  >(
    'SETUP-UNKNOWN',
    'SETUP-SIGNED',
    'SHELL-PATHS',
    'FILE-EXISTS',
    'FOLDER-IN-USE',
    'SECRET-SHORT',
    'CARD-TWICE',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  /** Takes a card or a server's card out; digest. */
  'setups.remove': api<{ id: string; card: string }, SetupView>('SETUP-UNKNOWN', 'SETUP-SIGNED'),
  /** Takes the signatures of the policy, or the approvals of the plan, back, so that what they cover can be changed. */
  'setups.reopen': api<{ id: string; what: 'policy' | 'plan' }, SetupView>('SETUP-UNKNOWN', 'SETUP-SIGNED'),
  /** An officer signs the policy, or approves the plan, with a key file in this window; `shown`: its digest, as the window showed it. */
  'setups.sign': api<
    { id: string; what: 'policy' | 'plan'; key: string; passphrase: string; shown: string },
    SetupView
  >(
    'SETUP-UNKNOWN',
    'SIGN-OTHER',
    'SETUP-EARLY',
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'KEY-FILE-WRONG',
    'KEY-PASSPHRASE',
  ),
  /** What an officer signs on a device of their own, written into a folder. */
  'setups.request': api<{ id: string; what: 'policy' | 'plan'; folder: string }, { paths: string[] }>(
    'SETUP-UNKNOWN',
    'SETUP-EARLY',
    'SHELL-PATHS',
    'FILE-EXISTS',
    'FOLDER-IN-USE',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  /** The same request for a phone, to be shown as codes; Base64. */
  'setups.carry': api<{ id: string; what: 'policy' | 'plan' }, { payload: string }>(
    'SETUP-UNKNOWN',
    'SETUP-EARLY',
    'TRANSFER-TOO-LARGE',
  ),
  /** Rehearses the plan, everybody played by the machine (`alone`) or by the people at the window. */
  'setups.rehearse': api<{ id: string; alone: boolean }, SetupView>(
    'SETUP-UNKNOWN',
    'SETUP-EARLY',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  /** The plan as `custody plan print` gives it. */
  'setups.print': api<{ id: string }, { text: string; parts: PlannedPart[] }>('SETUP-UNKNOWN', 'SETUP-EARLY'),
  /** policy.json, plan.yaml, plan.lock.json and cards/ in a folder, as everybody who verifies or imports needs them. */
  'setups.export': api<{ id: string; folder: string }, { paths: string[] }>(
    'SETUP-UNKNOWN',
    'SETUP-EARLY',
    'SHELL-PATHS',
    'FILE-EXISTS',
    'FOLDER-IN-USE',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  /** Locks the approved plan and begins the production run. `epoch`: public.bin of the epoch that the plan names, if it names one. */
  'setups.lock': api<{ id: string; epoch?: string }, { run: string }>(
    'SETUP-UNKNOWN',
    'SETUP-EARLY',
    'SHELL-PATHS',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  'setups.discard': api<{ id: string }, Record<string, never>>('SETUP-UNKNOWN'),

  /** Requests to decrypt of every ceremony of this store. */
  'approvals.list': api<Empty, Approvals>(),

  'holders.list': api<Empty, { holders: HolderView[] }>(),
  'holders.enrol': api<{ path: string }, { holder: HolderView }>(
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'FILE-WRONG-KIND',
    'FILE-DAMAGED',
    'HOLDER-DUPLICATE',
  ),

  /** A card that the window scanned; `payload` is Base64. */
  'holders.enrolCarried': api<{ payload: string }, { holder: HolderView }>(
    'FILE-TOO-LARGE',
    'FILE-WRONG-KIND',
    'HOLDER-DUPLICATE',
  ),

  /** Every share that ceremonies of this store deal, and how far it has come. */
  'shares.list': api<Empty, { shares: ShareView[] }>(),
  /** Somebody at the window says that this holder has what was sent. */
  'shares.received': api<{ id: string; epoch: number; holder: string }, { shares: ShareView[] }>(
    'CEREMONY-UNKNOWN',
    'SHARE-NOT-SENT',
  ),

  /** What a file is that was dropped where it is not taken, and where it belongs. Nothing is taken in. */
  'files.name': api<{ path: string }, NamedFile>('SHELL-PATHS', 'FILE-MISSING', 'FILE-UNREADABLE'),
  'bundles.list': api<Empty, { bundles: BundleSummary[]; unreadable: UnreadableRun[] }>(),
  /** `path`: of a bundle, or of a folder that left the room. */
  'bundles.verify': api<{ path: string; policy?: string }, VerifyView>(
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FILE-TOO-LARGE',
    'WORK-CANCELLED',
  ),
  /** Copies the sealed bundle to a medium, reads it back and compares. */
  'bundles.export': api<
    { id: string; folder: string },
    { path: string; digest: string; words: string[]; bytes: number }
  >(
    'CEREMONY-UNKNOWN',
    'SHELL-PATHS',
    'FILE-EXISTS',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
    'FILE-DAMAGED',
    'WORK-CANCELLED',
  ),

  /** What a ceremony's policy and script say on paper, beside its bundle. */
  'bundles.papers': api<{ id: string }, { policy: PolicyOnPaper; plan: PlanOnPaper; parts: PlannedPart[] }>(
    'CEREMONY-UNKNOWN',
  ),
  /** Bundle, transcript, papers (Base64) and checksums in a new folder of the chosen one. */
  'bundles.takeAway': api<
    { id: string; folder: string; papers: { name: (typeof takenPapers)[number]; pdf: string }[] },
    TakenAway
  >(
    'CEREMONY-UNKNOWN',
    'SHELL-PATHS',
    'FILE-EXISTS',
    'FILE-MISSING',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
    'FILE-DAMAGED',
    'WORK-CANCELLED',
  ),

  'transcript.page': api<
    { id: string; offset: number; limit: number; filter?: TranscriptFilter },
    TranscriptPage
  >('CEREMONY-UNKNOWN'),
  /** The whole transcript as JSON lines. */
  'transcript.export': api<{ id: string; path: string }, { path: string; entries: number }>(
    'CEREMONY-UNKNOWN',
    'SHELL-PATHS',
    'FOLDER-IN-USE',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),

  'settings.get': api<Empty, Settings>(),
  'settings.set': api<Partial<Settings>, Settings>(),
  /** The store and the runs in it as one sealed file; `elsewhere`: folders of runs that lie outside the store, which it leaves out. */
  'store.backup': api<{ path: string; passphrase: string }, { backup: StoreBackupView; elsewhere: string[] }>(
    'SHELL-PATHS',
    'FILE-EXISTS',
    'FOLDER-IN-USE',
    'FOLDER-MISSING',
    'SECRET-SHORT',
    'STORE-BUSY',
    'FILE-DAMAGED',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  /** Reads a backup to its end; writes nothing. */
  'store.check': api<{ path: string; passphrase: string }, { backup: StoreBackupView }>(
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'STORE-BACKUP-KEY',
    'STORE-BACKUP-WRONG',
    'STORE-BACKUP-DAMAGED',
  ),
  /** The store of a backup in a new or empty folder, for a later start with LUX_STORE; the open store stays as it is. */
  'store.restore': api<{ path: string; passphrase: string; folder: string }, { backup: StoreBackupView }>(
    'SHELL-PATHS',
    'FILE-MISSING',
    'FILE-UNREADABLE',
    'FOLDER-IN-USE',
    'STORE-BACKUP-KEY',
    'STORE-BACKUP-WRONG',
    'STORE-BACKUP-DAMAGED',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  'report.save': api<{ path: string }, { path: string; bytes: number }>(
    'SHELL-PATHS',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
} as const

/** Served by main itself: windows, dialogs and supervision. */
export const shellApis = {
  'shell.info': api<Empty, ShellInfo>(),
  /** The renderer says once per load that it can be used; main prints it as `LUX-READY`. */
  'shell.ready': api<{ route: string }, Empty>(),
  'shell.openFile': api<{ kind: FileKind }, { path: string | null }>(),
  'shell.openFolder': api<Empty, { path: string | null }>(),
  'shell.saveFile': api<{ kind: FileKind; name: string }, { path: string | null }>(),
  /** As tagged PDF, where the person chooses; null when they chose nothing. */
  'shell.savePaper': api<{ paper: Paper; name: string }, { path: string | null }>(
    'PAPER-FAILED',
    'DISK-FULL',
    'FOLDER-READ-ONLY',
  ),
  /** By a printer of the system's, in the system's own dialog. */
  'shell.printPaper': api<{ paper: Paper }, { sent: boolean }>(
    'PAPER-FAILED',
    'PRINTER-NONE',
    'PRINTER-REFUSED',
  ),
  /** As tagged PDF, in Base64: for core, which lays it beside a bundle. */
  'shell.paper': api<{ paper: Paper }, { pdf: string }>('PAPER-FAILED'),
  'shell.appearance': api<Appearance, Empty>(),
  /** The window may use a camera while this is on: a panel that scans codes is open. */
  'shell.camera': api<{ on: boolean }, Empty>(),
  /** Onto the clipboard, and nothing is ever read from there: commands and other texts that anybody may see. */
  'shell.copy': api<{ text: string }, Empty>(),
  /** A person copied something out of the window: it is cleared in so many seconds, 0 for never, unless something else lies there. */
  'shell.copied': api<{ clearAfter: number }, Empty>(),
  /** Nobody is at the window: what was copied out of it is cleared now. */
  'shell.forgetCopied': api<Empty, Empty>(),
  'shell.restartCore': api<Empty, CoreStatus>(),
  /** Opens or closes the window on the wall, for the whole room. */
  'shell.turnWall': api<{ on: boolean }, WallState>(),
  /** What the wall shows; anything that has no place there is refused. */
  'shell.wall': api<{ wall: Wall }, Empty>(),
} as const

export type CoreApis = typeof apis
export type CoreApiName = keyof CoreApis
export type ShellApis = typeof shellApis
export type ShellApiName = keyof ShellApis
export type ApiName = CoreApiName | ShellApiName

type TypesOf<N extends ApiName> = NonNullable<(CoreApis & ShellApis)[N]['types']>
export type InputOf<N extends ApiName> = TypesOf<N>['input']
export type OutputOf<N extends ApiName> = TypesOf<N>['output']
