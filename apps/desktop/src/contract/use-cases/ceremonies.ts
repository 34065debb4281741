import type { ShownAct } from '@lux/ceremony/act'
import type { Approvals } from '../approvals.ts'
import {
  type CarriedView,
  type CeremonySummary,
  documentKinds,
  exceptionDecisions,
  type RunView,
  type ScriptView,
  scannedAnswers,
  type UnreadableRun,
} from '../ceremonies.ts'
import type { DueItem } from '../due.ts'
import { languages } from '../languages.ts'
import { countOf, group, listOf, named, oneOf, optional, orNull, textOf } from './fields.ts'
import {
  digest,
  id,
  name,
  ofDisk,
  ofKeyFile,
  passphrase,
  path,
  payload,
  pin,
  reading,
  serial,
  stepInput,
  text,
  tokenUser,
} from './shared-fields.ts'
import { entry, gives } from './use-case.ts'

const ownShare = { id, name, key: orNull(path), passphrase: textOf(1024) }

export const ceremonies = {
  'ceremonies.list': entry({
    gives: gives<{ ceremonies: CeremonySummary[]; unreadable: UnreadableRun[] }>(),
  }),
  'ceremonies.scripts': entry({ gives: gives<{ scripts: ScriptView[] }>() }),
  /** `ownDevices`: card digests of enrolled people who take part on a device of their own. */
  'ceremonies.startRehearsal': entry({
    input: { script: name, values: named(textOf(64), text), ownDevices: optional(listOf(digest, 16)) },
    gives: gives<{ id: string }>(),
    limit: null,
    errors: ['SCRIPT-UNKNOWN', 'REHEARSAL-OWN-DEVICES', 'SHELL-PATHS', ...ofDisk],
  }),
  /** Paths of the plan and of its lock: a production run. `epoch`: public.bin of the epoch that a plan names, if it names one. */
  'ceremonies.open': entry({
    input: { plan: path, lock: path, epoch: optional(path) },
    gives: gives<{ id: string }>(),
    errors: ['FILE-WRONG-KIND', 'ANSWER-PART-MISSING', 'FILE-DAMAGED', ...reading],
  }),
  'ceremonies.view': entry({ input: { id }, gives: gives<RunView>(), errors: ['CEREMONY-UNKNOWN'] }),
  /** Answers once the command is on disk; what the machine then does is told by `ceremony.changed` and `work.progress`. */
  'ceremonies.proceed': entry({
    input: { id, step: name, by: name, input: optional(group(stepInput)) },
    gives: gives<RunView>(),
    limit: null,
    errors: ['CEREMONY-UNKNOWN', 'STEP-NOT-CURRENT', 'SHELL-PATHS', 'WORK-BUSY'],
  }),
  'ceremonies.signAsStandIn': entry({
    input: { id, what: oneOf(documentKinds), name },
    gives: gives<RunView>(),
    errors: ['CEREMONY-UNKNOWN', 'STAND-IN-ONLY'],
  }),
  /** `token` is the serial. The PIN is used once, never kept, never tried again. */
  'ceremonies.enterPin': entry({
    input: { id, token: serial, user: tokenUser, pin },
    gives: gives<RunView>(),
    limit: null,
    errors: ['CEREMONY-UNKNOWN', 'TOKEN-UNKNOWN'],
  }),
  'ceremonies.submitFile': entry({
    input: { id, path },
    gives: gives<RunView>(),
    limit: null,
    errors: ['CEREMONY-UNKNOWN', 'FILE-WRONG-KIND', 'FILE-DAMAGED', ...reading],
  }),
  /** A person's answer that the window scanned; `payload` is Base64. */
  'ceremonies.submitCarried': entry({
    input: { id, type: oneOf(scannedAnswers), payload },
    gives: gives<RunView>(),
    errors: ['CEREMONY-UNKNOWN', 'FILE-WRONG-KIND', 'ANSWER-PART-MISSING', 'TRANSFER-PACKAGE'],
  }),
  /**
   * What this holder's own device needs now, to be shown as codes one after the other; without `holder` what signers are asked to sign,
   * and with `live` that the next epoch is.
   */
  'ceremonies.carry': entry({
    input: { id, holder: optional(name), live: optional(oneOf([true])) },
    gives: gives<{ parts: CarriedView[] }>(),
    errors: ['CEREMONY-UNKNOWN', 'FILE-MISSING', 'FILE-UNREADABLE', 'FILE-TOO-LARGE', 'TRANSFER-TOO-LARGE'],
  }),
  /** Copies what people are asked for now, and what that names, into a folder, reads it back and compares. */
  'ceremonies.handOut': entry({
    input: { id, folder: path },
    gives: gives<{ paths: string[] }>(),
    errors: [
      'CEREMONY-UNKNOWN',
      'SHELL-PATHS',
      'FILE-MISSING',
      'FILE-EXISTS',
      'FOLDER-IN-USE',
      'FILE-DAMAGED',
      ...ofDisk,
    ],
  }),
  /** Writes what each holder with a device of their own needs now into a folder with that holder's name. */
  'ceremonies.handToHolders': entry({
    input: { id, folder: path },
    gives: gives<{ paths: string[] }>(),
    errors: [
      'CEREMONY-UNKNOWN',
      'SHELL-PATHS',
      'FILE-MISSING',
      'FILE-EXISTS',
      'FOLDER-IN-USE',
      'FILE-DAMAGED',
      ...ofDisk,
    ],
  }),
  'ceremonies.pause': entry({
    input: { id, by: name },
    gives: gives<RunView>(),
    errors: ['CEREMONY-UNKNOWN'],
  }),
  /** Refused where what is awaited comes as a file and none has come; `submitFile` resumes with the first that is right. */
  'ceremonies.resume': entry({
    input: { id, by: name },
    gives: gives<RunView>(),
    errors: ['CEREMONY-UNKNOWN', 'RESUME-NOTHING'],
  }),
  'ceremonies.abort': entry({
    input: { id, by: name, reason: text },
    gives: gives<RunView>(),
    errors: ['CEREMONY-UNKNOWN'],
  }),
  /** Anybody of the run writes something down, or reports what the script does not foresee: that waits for a decision. */
  'ceremonies.note': entry({
    input: { id, by: name, text },
    gives: gives<RunView>(),
    errors: ['CEREMONY-UNKNOWN'],
  }),
  'ceremonies.deviate': entry({
    input: { id, step: name, by: name, expected: text, happened: text },
    gives: gives<RunView>(),
    errors: ['CEREMONY-UNKNOWN'],
  }),
  /** Somebody heard or read other words than are shown, on this card of those that the step compares: the run stops until people decide. */
  'ceremonies.differs': entry({
    input: { id, by: name, digest: textOf(64), card: countOf(Number.MAX_SAFE_INTEGER) },
    gives: gives<RunView>(),
    errors: ['CEREMONY-UNKNOWN'],
  }),
  'ceremonies.decide': entry({
    input: { id, by: name, decision: oneOf(exceptionDecisions), reason: text },
    gives: gives<RunView>(),
    errors: ['CEREMONY-UNKNOWN'],
  }),
  /** Stops the machine's work of the current step; `id` is a ceremony, or a token's serial: the entry at its pad. */
  'ceremonies.cancel': entry({ input: { id: textOf(64) }, gives: gives<Record<string, never>>() }),
  /**
   * Signs what is asked now with a person's own key file, in this window; the transcript says so. `name` is of the person whose key it
   * has to be; `shown`: the digest that `toSign` gave with the lines.
   */
  'ceremonies.signHere': entry({
    input: { id, name, key: path, passphrase, shown: digest },
    gives: gives<RunView>(),
    limit: null,
    errors: ['CEREMONY-UNKNOWN', 'SIGN-OTHER', ...reading, ...ofDisk, ...ofKeyFile],
  }),
  /**
   * A holder without a device receives and proves the share that was dealt, in this window: it is kept in `out`, sealed under the
   * passphrase of the key, and what it has answered beside it.
   */
  'ceremonies.holdHere': entry({
    input: { id, name, key: path, passphrase, out: path },
    gives: gives<RunView>(),
    limit: null,
    errors: ['CEREMONY-UNKNOWN', 'FILE-EXISTS', 'FOLDER-IN-USE', ...reading, ...ofDisk, ...ofKeyFile],
  }),
  /**
   * The sheet of a custodian's share, printed or written as PDF to `out`: main makes it, and its words never come to the window. `key` is
   * null for a simulated participant.
   */
  'ceremonies.printShare': entry({
    input: { ...ownShare, out: orNull(path), language: oneOf(languages) },
    gives: gives<{ made: boolean }>(),
    limit: null,
    errors: [
      'CEREMONY-UNKNOWN',
      'FOLDER-IN-USE',
      'PAPER-FAILED',
      'PRINTER-NONE',
      'PRINTER-REFUSED',
      'SHEET-PLACE',
      ...reading,
      ...ofDisk,
      ...ofKeyFile,
    ],
  }),
  /** The words of the sheet, typed or scanned back: they prove the share, and nobody else hears them. */
  'ceremonies.proveShare': entry({
    input: { ...ownShare, words: textOf(1024) },
    gives: gives<RunView>(),
    limit: null,
    errors: ['CEREMONY-UNKNOWN', ...reading, ...ofDisk, ...ofKeyFile],
  }),
  /** What people are asked to sign now, told from the very bytes, and the digest of these; null where nothing is. */
  'ceremonies.toSign': entry({
    input: { id, name },
    gives: gives<{ shown: ShownAct | null; digest: string }>(),
    errors: ['CEREMONY-UNKNOWN'],
  }),
  'home.due': entry({ gives: gives<{ due: DueItem[] }>() }),
  /** Requests to decrypt of every ceremony of this store. */
  'approvals.list': entry({ gives: gives<Approvals>() }),
} as const
