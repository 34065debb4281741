import { Code, FailureNotice } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  type BundleSummary,
  type Paper,
  type Result,
  type TakenAway,
  takeAwayLimits,
  type takenPapers,
} from '../../contract/index.ts'
import { call } from '../client.ts'
import { pickFile } from '../components/file-picker.tsx'
import { Outcome } from '../components/outcome.tsx'
import { paperLanguage } from '../paper/paper-language.ts'
import { readTranscriptPaper } from '../paper/transcript-paper.ts'
import { verdictPaper } from '../paper/verdict-paper.ts'
import { bundles } from '../stores/remotes.ts'
import { endWork } from '../stores/work.ts'
import { checkText } from './verify-result.tsx'

/** The folder that leaves the room, in one press: bundle, transcript, verdict and transcript on paper, and checksums of them all. */
export function TakeAway({ bundle, policy }: { bundle: BundleSummary; policy: string | null }) {
  const { t, i18n } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [ended, setEnded] = useState<Result<TakenAway> | null>(null)

  /** Judged by the policy that was chosen below, if one was. */
  async function verdict(): Promise<Result<string>> {
    const { path } = bundle
    const judged = await call('bundles.verify', policy === null ? { path } : { path, policy })
    endWork(path)
    if (!judged.ok) return judged
    const paper = verdictPaper(t, checkText(t, i18n), paperLanguage(i18n.language), judged.value)
    return printed(paper)
  }

  /** The same story that the screen tells, in the language of the window. */
  async function transcript(): Promise<Result<string>> {
    const { id, title } = bundle
    const read = await readTranscriptPaper(t, i18n, paperLanguage(i18n.language), { id, title })
    return read.ok ? printed(read.value) : read
  }

  async function write(folder: string): Promise<Result<TakenAway>> {
    const papers: { name: (typeof takenPapers)[number]; pdf: string }[] = []
    for (const [name, made] of [
      ['verdict.pdf', verdict],
      ['transcript.pdf', transcript],
    ] as const) {
      const pdf = await made()
      if (!pdf.ok) return pdf
      const length = papers.reduce((sum, paper) => sum + paper.pdf.length, pdf.value.length)
      if (length <= takeAwayLimits.papers) papers.push({ name, pdf: pdf.value })
      else if (name === 'verdict.pdf') return { ok: false, error: { code: 'FILE-TOO-LARGE', detail: name } }
    }
    return call('bundles.takeAway', { id: bundle.id, folder, papers })
  }

  async function begin(): Promise<void> {
    const folder = await pickFile('folder')
    if (folder === null) return
    setBusy(true)
    setEnded(null)
    setEnded(await write(folder))
    setBusy(false)
    endWork(`take-away:${bundle.id}`)
    await bundles.again()
  }

  return (
    <div className="row-text">
      <div className="actions">
        <Button variant="surface" color="gray" highContrast loading={busy} onClick={() => void begin()}>
          {t('bundles.take-away')}
        </Button>
        <span className="quiet">{t('bundles.take-away-what')}</span>
      </div>
      {ended?.ok === false ? <FailureNotice failure={ended.error} /> : null}
      <div role="status">
        {ended?.ok ? (
          <>
            <Outcome tone="good">
              {t('bundles.taken-away')} <Code>{ended.value.path}</Code>
            </Outcome>
            <div>
              <Code>{ended.value.files.join('  ')}</Code>
            </div>
            {ended.value.files.includes('transcript.pdf') ? null : <p>{t('bundles.transcript-long')}</p>}
          </>
        ) : null}
      </div>
    </div>
  )
}

async function printed(paper: Paper): Promise<Result<string>> {
  const answer = await call('shell.paper', { paper })
  return answer.ok ? { ok: true, value: answer.value.pdf } : answer
}
