import type { i18n as I18n } from 'i18next'
import {
  limits,
  type Paper,
  type Result,
  type TranscriptEntry,
  type TranscriptPage,
} from '../../contract/index.ts'
import { entriesOnPaper, transcriptPaper } from '../../contract/transcript-paper.ts'
import { call } from '../client.ts'
import { sayIn } from '../i18n/say.ts'
import { paperLanguage } from './paper-language.ts'

/** Everything that the paper of a transcript tells, in the language of the window. */
export async function readTranscriptPaper(i18n: I18n, id: string): Promise<Result<Paper>> {
  const account = await call('transcript.account', { id })
  if (!account.ok) return account
  const entries: TranscriptEntry[] = []
  const most = Math.min(account.value.entries, entriesOnPaper)
  while (entries.length < most) {
    const limit = Math.min(limits.transcriptPage, most - entries.length)
    const page: Result<TranscriptPage> = await call('transcript.page', { id, offset: entries.length, limit })
    if (!page.ok) return page
    if (page.value.entries.length === 0) break
    entries.push(...page.value.entries)
  }
  return {
    ok: true,
    value: transcriptPaper(sayIn(i18n), paperLanguage(i18n.language), account.value, entries),
  }
}
