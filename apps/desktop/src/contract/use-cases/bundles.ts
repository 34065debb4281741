import type { UnreadableRun } from '../ceremonies.ts'
import type { NamedFile } from '../files.ts'
import { limits } from '../limits.ts'
import {
  type BundleSummary,
  type HolderView,
  type ShareView,
  type TakenAway,
  type TranscriptAccount,
  type TranscriptPage,
  takeAwayLimits,
  takenPapers,
  type VerifyView,
} from '../records.ts'
import type { PlannedPart, PlanOnPaper, PolicyOnPaper } from '../setups.ts'
import { countOf, group, listOf, oneOf, optional, textOf, type ValueOf } from './fields.ts'
import { id, name, ofDisk, path, payload, reading, text } from './shared-fields.ts'
import { entry, gives } from './use-case.ts'

const paperFile = group({
  name: oneOf(takenPapers),
  pdf: textOf(takeAwayLimits.papers, 0, /^[\da-z+/]*={0,2}$/i),
})
const transcriptFilter = group({ text: optional(text), kinds: optional(listOf(textOf(64), 1000)) })
export type TranscriptFilter = ValueOf<typeof transcriptFilter>

export const bundles = {
  /** What a file is that was dropped where it is not taken, and where it belongs. Nothing is taken in. */
  'files.name': entry({
    input: { path },
    gives: gives<NamedFile>(),
    errors: ['SHELL-PATHS', 'FILE-MISSING', 'FILE-UNREADABLE'],
  }),
  'bundles.list': entry({ gives: gives<{ bundles: BundleSummary[]; unreadable: UnreadableRun[] }>() }),
  /** `path`: of a bundle, or of a folder that left the room. */
  'bundles.verify': entry({
    input: { path, policy: optional(path) },
    gives: gives<VerifyView>(),
    limit: null,
    errors: ['WORK-CANCELLED', ...reading],
  }),
  /** Copies the sealed bundle to a medium, reads it back and compares. */
  'bundles.export': entry({
    input: { id, folder: path },
    gives: gives<{ path: string; digest: string; words: string[]; bytes: number }>(),
    limit: null,
    errors: ['CEREMONY-UNKNOWN', 'SHELL-PATHS', 'FILE-EXISTS', 'FILE-DAMAGED', 'WORK-CANCELLED', ...ofDisk],
  }),
  /** What a ceremony's policy and script say on paper, beside its bundle. */
  'bundles.papers': entry({
    input: { id },
    gives: gives<{ policy: PolicyOnPaper; plan: PlanOnPaper; parts: PlannedPart[] }>(),
    errors: ['CEREMONY-UNKNOWN'],
  }),
  /** Bundle, transcript, papers (Base64) and checksums in a new folder of the chosen one. */
  'bundles.takeAway': entry({
    input: { id, folder: path, papers: listOf(paperFile, takenPapers.length) },
    gives: gives<TakenAway>(),
    limit: null,
    errors: [
      'CEREMONY-UNKNOWN',
      'SHELL-PATHS',
      'FILE-EXISTS',
      'FILE-MISSING',
      'FILE-DAMAGED',
      'WORK-CANCELLED',
      ...ofDisk,
    ],
  }),
  'transcript.page': entry({
    input: {
      id,
      offset: countOf(Number.MAX_SAFE_INTEGER),
      limit: countOf(limits.transcriptPage),
      filter: optional(transcriptFilter),
    },
    gives: gives<TranscriptPage>(),
    errors: ['CEREMONY-UNKNOWN'],
  }),
  /** What the paper of a transcript tells before its entries. */
  'transcript.account': entry({
    input: { id },
    gives: gives<TranscriptAccount>(),
    errors: ['CEREMONY-UNKNOWN'],
  }),
  /** The whole transcript as JSON lines. */
  'transcript.export': entry({
    input: { id, path },
    gives: gives<{ path: string; entries: number }>(),
    errors: ['CEREMONY-UNKNOWN', 'SHELL-PATHS', 'FOLDER-IN-USE', ...ofDisk],
  }),
} as const

export const people = {
  'holders.list': entry({ gives: gives<{ holders: HolderView[] }>() }),
  'holders.enrol': entry({
    input: { path },
    gives: gives<{ holder: HolderView }>(),
    errors: ['FILE-WRONG-KIND', 'FILE-DAMAGED', 'HOLDER-DUPLICATE', ...reading],
  }),
  /** A card that the window scanned; `payload` is Base64. */
  'holders.enrolCarried': entry({
    input: { payload },
    gives: gives<{ holder: HolderView }>(),
    errors: ['FILE-TOO-LARGE', 'FILE-WRONG-KIND', 'HOLDER-DUPLICATE'],
  }),
  /** Every share that ceremonies of this store deal, and how far it has come. */
  'shares.list': entry({ gives: gives<{ shares: ShareView[] }>() }),
  /** Somebody at the window says that this holder has what was sent. */
  'shares.received': entry({
    input: { id, epoch: countOf(Number.MAX_SAFE_INTEGER), holder: name },
    gives: gives<{ shares: ShareView[] }>(),
    errors: ['CEREMONY-UNKNOWN', 'SHARE-NOT-SENT'],
  }),
} as const
