import type { Needs, SubmissionKind } from '@lux/ceremony'

type Kind = Needs['kind']
type Row = {
  /** Whose turn it is: somebody's in the room, somebody's elsewhere, the machine's, or a decision about an exception. */
  readonly comes: 'word' | 'file' | 'by itself' | 'decision'
  /** Who gives what is awaited, where that is always the same. */
  readonly from?: 'holders' | 'custodians' | 'requester' | 'server'
  /** What is given; of signatures the need itself says it. */
  readonly document?: SubmissionKind | 'decryption-request'
  /** `some`: as many as are still needed. */
  readonly of?: 'all' | 'some'
  /** Somebody here may go on without those who have given nothing. */
  readonly waived?: true
}

/** What each need of a run waits for, and how it comes: said once for the window, the commands and a rehearsal. */
export const awaited = {
  start: { comes: 'by itself' },
  wait: { comes: 'by itself' },
  resume: { comes: 'by itself' },
  exception: { comes: 'decision' },
  confirm: { comes: 'word' },
  values: { comes: 'word' },
  pin: { comes: 'word' },
  signatures: { comes: 'file', of: 'some' },
  acknowledgements: { comes: 'file', from: 'holders', document: 'acknowledgement', of: 'all' },
  receipt: { comes: 'file', from: 'server', document: 'receipt', of: 'all' },
  request: { comes: 'file', from: 'requester', document: 'decryption-request' },
  answers: { comes: 'file', from: 'holders', document: 'holder-answer', of: 'some' },
  result: { comes: 'file', from: 'requester', document: 'decryption-result' },
  // All of them are asked, though some are enough: who says nothing of what is left counts as having spent it.
  'epoch-approvals': { comes: 'file', from: 'holders', document: 'epoch-approval', of: 'all' },
  redeals: { comes: 'file', from: 'holders', document: 'redeal', of: 'all' },
  'custodian-acknowledgements': {
    comes: 'file',
    from: 'custodians',
    document: 'custodian-acknowledgement',
    of: 'all',
  },
  // As many as bring the root back, and no more: a share that is not needed stays on its sheet.
  'share-releases': { comes: 'file', from: 'custodians', document: 'custodian-statement', of: 'some' },
  'share-checks': {
    comes: 'file',
    from: 'custodians',
    document: 'custodian-statement',
    of: 'all',
    waived: true,
  },
  heartbeats: { comes: 'file', from: 'holders', document: 'heartbeat', of: 'all', waived: true },
} as const satisfies Record<Kind, Row>

type Table = typeof awaited
type KindsWith<R extends Partial<Row>> = { [K in Kind]: Table[K] extends R ? K : never }[Kind]
type NeedsWith<R extends Partial<Row>> = Extract<Needs, { kind: KindsWith<R> }>

/** Somebody in the room says go. */
export type ForWord = NeedsWith<{ comes: 'word' }>
/** Whoever holds a share, of a threshold key or of a backup, gives it on a device of their own. */
export type AtHolders = NeedsWith<{ from: 'holders' | 'custodians' }>
/** Given by one who holds a share, or who asks those who do. */
export type OfShares = NeedsWith<{ from: 'holders' | 'custodians' | 'requester' }>
export type AwaitedDocument = { [K in Kind]: Table[K] extends { document: infer D } ? D : never }[Kind]

/** What people and servers give, by the kind of the document. */
export const awaitedDocuments: readonly AwaitedDocument[] = Object.values(awaited).flatMap((row) =>
  'document' in row ? [row.document] : [],
)

const rowOf = ({ kind }: Needs): Row => awaited[kind]

export const isForWord = (needs: Needs): needs is ForWord => rowOf(needs).comes === 'word'
export const isAtHolders = (needs: Needs): needs is AtHolders =>
  ['holders', 'custodians'].includes(rowOf(needs).from ?? '')
export const comesAsFile = (needs: Needs): boolean => rowOf(needs).comes === 'file'
export const comesByItself = (needs: Needs): boolean => rowOf(needs).comes === 'by itself'
export const isWaived = (needs: Needs): boolean => rowOf(needs).waived === true
/** Only the server's own word; whoever else is awaited has a simulated participant in a rehearsal. */
export const isOfServer = (needs: Needs): boolean => rowOf(needs).from === 'server'
