import type { i18n as I18n, TFunction } from 'i18next'
import {
  type Language,
  limits,
  type Paper,
  type PaperBlock,
  type Result,
  type TranscriptEntry,
  type TranscriptPage,
} from '../../contract/index.ts'
import { call } from '../client.ts'
import { isDeviation, storyOf } from '../transcript/story.ts'

/** Of one paper: a longer transcript is saved as JSON lines, and the paper says where it ends. */
const most = 5000

/** Every entry of a transcript, told as people would tell it. */
export async function readTranscriptPaper(
  t: TFunction,
  i18n: I18n,
  language: Language,
  { id, title }: { id: string; title: string },
): Promise<Result<Paper>> {
  const entries: TranscriptEntry[] = []
  let head: TranscriptPage | null = null
  do {
    const page: Result<TranscriptPage> = await call('transcript.page', {
      ...{ id, offset: entries.length, limit: limits.transcriptPage },
    })
    if (!page.ok) return page
    head = page.value
    entries.push(...head.entries)
    if (head.entries.length === 0) break
  } while (entries.length < Math.min(head.total, most))
  return { ok: true, value: transcriptPaper(t, i18n, language, title, head, entries) }
}

export function transcriptPaper(
  t: TFunction,
  i18n: I18n,
  language: Language,
  title: string,
  head: Pick<TranscriptPage, 'total' | 'chain'>,
  entries: readonly TranscriptEntry[],
): Paper {
  const left = head.total - entries.length
  const deviations = entries.filter(({ kind }) => isDeviation(kind)).length
  const row = (entry: TranscriptEntry): string[] => [
    String(entry.seq),
    entry.time,
    isDeviation(entry.kind)
      ? t('transcript.marked', { what: storyOf(t, i18n, entry, asItIs) })
      : storyOf(t, i18n, entry, asItIs),
  ]
  const blocks: PaperBlock[] = [
    {
      kind: 'paragraph',
      text:
        head.chain.state === 'intact'
          ? t('transcript.intact', { count: head.chain.entries })
          : t('transcript.broken'),
      weight: 'strong',
    },
    { kind: 'paragraph', text: t('transcript.deviations', { count: deviations }) },
    { kind: 'words', title: t('transcript.head-words'), words: head.chain.words, hex: head.chain.node },
    {
      kind: 'table',
      title: t('transcript.entries'),
      columns: [
        { title: t('transcript.column.seq'), width: 8 },
        { title: t('transcript.column.time'), width: 30, code: true },
        { title: t('transcript.column.summary'), width: 62 },
      ],
      rows: entries.map(row),
    },
    ...(left > 0 ? [{ kind: 'paragraph' as const, text: t('transcript.cut', { count: left }) }] : []),
  ]
  return { title: t('transcript.paper-title', { title }), language, blocks }
}

const asItIs = (text: string): string => text
