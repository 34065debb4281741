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
  type VerifyView,
} from '../../contract/index.ts'
import { call } from '../client.ts'
import { pickFile } from '../components/file-picker.tsx'
import { Outcome } from '../components/outcome.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { paperLanguage } from '../paper/paper-language.ts'
import { planPaper, policyPaper } from '../paper/plan-paper.ts'
import { readTranscriptPaper } from '../paper/read-transcript.ts'
import { verdictPaper } from '../paper/verdict-paper.ts'
import { bundles } from '../stores/remotes.ts'
import { endWork } from '../stores/work.ts'
import { checkText } from './verify-result.tsx'

/** The folder that leaves the room, in one press: bundle, transcript, verdict, policy, script and transcript on paper, and checksums of them all. */
export function TakeAway({ bundle, policy }: { bundle: BundleSummary; policy: string | null }) {
  const { t, i18n } = useTranslation()
  const textOf = useScriptText()
  const [busy, setBusy] = useState(false)
  const [judged, setJudged] = useState<VerifyView | null>(null)
  const [ended, setEnded] = useState<Result<TakenAway> | null>(null)

  /** The same story that the screen tells, in the language of the window. */
  async function transcript(): Promise<Result<string>> {
    const read = await readTranscriptPaper(i18n, bundle.id)
    return read.ok ? printed(read.value) : read
  }

  async function write(folder: string, verdict: VerifyView): Promise<Result<TakenAway>> {
    const said = await call('bundles.papers', { id: bundle.id })
    if (!said.ok) return said
    const { policy: law, plan, parts } = said.value
    const language = paperLanguage(i18n.language)
    const papers: { name: (typeof takenPapers)[number]; pdf: string }[] = []
    for (const [name, made] of [
      ['verdict.pdf', () => printed(verdictPaper(t, checkText(t, i18n), language, verdict))],
      ['policy.pdf', () => printed(policyPaper(t, language, law))],
      ['script.pdf', () => printed(planPaper(t, textOf, language, plan, parts))],
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

  /** A verdict is by a policy: a rehearsal's own, the one that was chosen below, or one that is asked for first. */
  async function begin(chosen: string | null): Promise<void> {
    const by = chosen ?? (await pickFile('policy'))
    if (by === null) return
    setBusy(true)
    setEnded(null)
    setJudged(null)
    const { path } = bundle
    const answer = await call('bundles.verify', { path, policy: by })
    setBusy(false)
    endWork(path)
    if (!answer.ok) return setEnded(answer)
    setJudged(answer.value)
    // A folder with another verdict leaves the room only after whoever takes it has read so.
    if (answer.value.verdict === 'accepted') await goOn(answer.value)
  }

  async function goOn(verdict: VerifyView): Promise<void> {
    const folder = await pickFile('folder')
    if (folder === null) return
    setBusy(true)
    setEnded(await write(folder, verdict))
    setBusy(false)
    endWork(`take-away:${bundle.id}`)
    await bundles.again()
  }

  return (
    <div className="row-text">
      <div className="actions">
        <Button
          type="button"
          variant="surface"
          color="gray"
          highContrast
          loading={busy}
          onClick={() => void begin(bundle.policy ?? policy)}
        >
          {t('bundles.take-away')}
        </Button>
        <span className="quiet">{t('bundles.take-away-what')}</span>
      </div>
      {judged !== null && judged.verdict !== 'accepted' && ended === null && !busy ? (
        <div className="actions" role="alert">
          <Outcome tone="bad">{t(`bundles.verdict.${judged.verdict}.title`)}</Outcome>
          <Button type="button" onClick={() => void begin(null)}>
            {t('bundles.take-away-other')}
          </Button>
          <Button type="button" variant="surface" color="gray" highContrast onClick={() => void goOn(judged)}>
            {t('bundles.take-away-anyway')}
          </Button>
        </div>
      ) : null}
      {ended?.ok === false ? <FailureNotice failure={ended.error} /> : null}
      <div role="status">
        {ended?.ok ? (
          <>
            <Outcome tone="good">
              {t('bundles.taken-away')} <Code>{ended.value.path}</Code>
            </Outcome>
            {judged === null ? null : (
              <div>
                <Outcome tone={judged.verdict === 'accepted' ? 'good' : 'bad'}>
                  {t(`bundles.verdict.${judged.verdict}.title`)}
                </Outcome>
              </div>
            )}
            <div>
              <Code>{ended.value.files.join('  ')}</Code>
            </div>
            {ended.value.files.includes('transcript.pdf') ? null : <p>{t('bundles.transcript-long')}</p>}
            {ended.value.files.includes('script.pdf') && ended.value.files.includes('policy.pdf') ? null : (
              <p>{t('bundles.papers-long')}</p>
            )}
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
