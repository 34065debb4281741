import { leafHash } from '@lux/ceremony/transcript'
import { canonicalString, toHex } from '@lux/crypto'
import * as v from 'valibot'
import { limits, type TranscriptEntry, type TranscriptPage } from '../../contract/index.ts'
import { checked, hexId, text } from './checked.ts'
import type { Parts } from './parts.ts'
import { wordsOf } from './words.ts'

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

export function transcriptPage({ runs }: Parts, input: unknown): TranscriptPage {
  const { id, offset, limit, filter } = checked(
    v.strictObject({
      id: hexId,
      offset: count,
      limit: v.pipe(count, v.maxValue(limits.transcriptPage)),
      filter: v.exactOptional(
        v.strictObject({
          text: v.exactOptional(text),
          kinds: v.exactOptional(v.array(v.pipe(v.string(), v.maxLength(64)))),
        }),
      ),
    }),
    input,
  )
  const { folder } = runs.get(id).run
  const all = [...folder.entries()]
  const needle = filter?.text?.toLowerCase() ?? ''
  const kinds = filter?.kinds ?? []
  const matching = all.filter(
    (entry) =>
      (kinds.length === 0 || kinds.includes(entry.kind)) &&
      (needle === '' ||
        `${entry.kind} ${entry.stepId} ${canonicalString(entry.fact)}`.toLowerCase().includes(needle)),
  )
  const head = folder.headAt(all.length)
  return {
    total: all.length,
    matching: matching.length,
    entries: matching.slice(offset, offset + limit).map(
      (entry): TranscriptEntry => ({
        seq: Number(entry.seq),
        time: entry.time,
        stepId: entry.stepId,
        kind: entry.kind,
        summary: summaryOf(entry.fact),
        fact: canonicalString(entry.fact),
        leaf: toHex(leafHash(entry)),
      }),
    ),
    kinds: [...new Set(all.map(({ kind }) => kind))].toSorted(),
    // Replayed and compared entry by entry when the run was opened; a broken one is refused there.
    chain: { state: 'intact', entries: all.length, node: head.node, words: wordsOf(head.node), detail: null },
  }
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
