import type { FullEntry } from '@lux/ceremony/transcript'
import { canonicalString } from '@lux/crypto'
import type { TranscriptFilter } from '../../contract/index.ts'

type Row = { entry: FullEntry; text: string }

/** All entries of one run with the text that a filter looks through, made once and then only added to, as the log is. */
export class TranscriptIndex {
  readonly #rows: Row[] = []
  readonly #kinds = new Set<string>()
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
