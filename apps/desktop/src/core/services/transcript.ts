import { accountOf, readEntry } from '@lux/ceremony'
import { encodeTranscript, type FullEntry, leafHash } from '@lux/ceremony/transcript'
import { canonicalString, toHex } from '@lux/crypto'
import { writeDurably } from '@lux/node-files'
import { wordsOf } from '@lux/people'
import type {
  InputOf,
  TranscriptAccount,
  TranscriptEntry,
  TranscriptFilter,
  TranscriptPage,
} from '../../contract/index.ts'
import type { RunFolder } from '../runs/folder/run-folder.ts'
import type { ServiceContext } from './shared/service-context.ts'

export function transcriptPage(
  { runs }: ServiceContext,
  { id, offset, limit, filter }: InputOf<'transcript.page'>,
): TranscriptPage {
  const { folder } = runs.get(id).run
  const index = indexOf(folder)
  const matching = index.matching(filter ?? {})
  const head = folder.headAt(index.size)
  return {
    total: index.size,
    matching: matching.length,
    entries: matching.slice(offset, offset + limit).map((entry) => shownEntry(entry, index.differed)),
    kinds: index.kinds,
    // Replayed and compared entry by entry when the run was opened; a broken one is refused there.
    chain: { state: 'intact', entries: index.size, node: head.node, words: wordsOf(head.node), detail: null },
  }
}

/** The number of an exception over words that somebody heard differently. */
const differedIn = ({ kind, fact }: FullEntry): number[] =>
  kind === 'exception.opened' && fact.compared !== undefined ? [Number(fact.id)] : []

/** Entries in their order, from the first on. */
export function shownEntries(entries: readonly FullEntry[]): TranscriptEntry[] {
  const differed = new Set(entries.flatMap(differedIn))
  return entries.map((entry) => shownEntry(entry, differed))
}

const shownEntry = (entry: FullEntry, differed: ReadonlySet<number>): TranscriptEntry => ({
  seq: Number(entry.seq),
  time: entry.time,
  stepId: entry.stepId,
  kind: entry.kind,
  summary: summaryOf(entry.fact),
  fact: canonicalString(entry.fact),
  readAgain:
    entry.kind === 'exception.decided' &&
    entry.fact.decision === 'continue' &&
    differed.has(Number(entry.fact.id)),
  leaf: toHex(leafHash(entry)),
})

export function transcriptAccount(
  { runs }: ServiceContext,
  { id }: InputOf<'transcript.account'>,
): TranscriptAccount {
  return accountOfRun(runs.get(id).run.folder)
}

/** What the paper tells of a run whose folder is open. */
export function accountOfRun(folder: RunFolder): TranscriptAccount {
  const stored = [...folder.entries()]
  const entries = stored.map((one) => {
    const read = readEntry(one)
    // The folder was opened by reading every entry.
    if (!read.ok) throw new RangeError(read.detail)
    return read.entry
  })
  const account = accountOf(folder.header, folder.state, entries)
  const { node } = folder.headAt(stored.length)
  return {
    ...account,
    head: { node, words: wordsOf(node) },
    words: {
      plan: wordsOf(account.planHash),
      policy: wordsOf(account.policyDigest),
      bundle: wordsOf(account.bundle?.digest ?? ''),
    },
  }
}

const indexes = new WeakMap<RunFolder, TranscriptIndex>()

function indexOf(folder: RunFolder): TranscriptIndex {
  const index = indexes.get(folder) ?? new TranscriptIndex()
  indexes.set(folder, index)
  index.add(folder.entries(index.size))
  return index
}

/** Writes the transcript as SPEC.md has it: the header's line, then one canonical line for each entry. */
export function exportTranscript(
  { runs, paths }: ServiceContext,
  asked: InputOf<'transcript.export'>,
): { path: string; entries: number } {
  const { folder } = runs.get(asked.id).run
  const entries = [...folder.entries()]
  writeDurably(paths.write(asked.path), encodeTranscript(folder.header, entries))
  return { path: asked.path, entries: entries.length }
}

/** The fact's own short values, enough to tell entries apart in a list. */
function summaryOf(fact: Readonly<Record<string, unknown>>): string {
  const short = Object.entries(fact).filter(
    ([, value]) => typeof value === 'string' || typeof value === 'number',
  )
  return short
    .map(([key, value]) => `${key} ${String(value).slice(0, 40)}`)
    .join(' · ')
    .slice(0, 160)
}

type Row = { entry: FullEntry; text: string }

/** All entries of one run with the text that a filter looks through, made once and then only added to, as the log is. */
export class TranscriptIndex {
  readonly #rows: Row[] = []
  readonly #kinds = new Set<string>()
  readonly differed = new Set<number>()
  #last: { key: string; entries: readonly FullEntry[] } | null = null

  get size(): number {
    return this.#rows.length
  }

  get kinds(): string[] {
    return [...this.#kinds].toSorted()
  }

  /** Entries from `size` on, in their order. */
  add(entries: Iterable<FullEntry>): void {
    for (const entry of entries) {
      const text = `${entry.kind} ${entry.stepId} ${canonicalString(entry.fact)}`.toLowerCase()
      this.#rows.push({ entry, text })
      this.#kinds.add(entry.kind)
      for (const id of differedIn(entry)) this.differed.add(id)
      this.#last = null
    }
  }

  /** The entries that the filter keeps, in their order; the last filter's are kept, as a screen asks for page after page. */
  matching({ text = '', kinds = [] }: TranscriptFilter): readonly FullEntry[] {
    const key = JSON.stringify([text, kinds])
    if (this.#last?.key !== key) {
      const needle = text.toLowerCase()
      const wanted = new Set(kinds)
      const rows = this.#rows.filter(
        (row) => (wanted.size === 0 || wanted.has(row.entry.kind)) && row.text.includes(needle),
      )
      this.#last = { key, entries: rows.map(({ entry }) => entry) }
    }
    return this.#last.entries
  }
}
