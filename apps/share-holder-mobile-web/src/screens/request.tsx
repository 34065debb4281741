import { sortLines } from '@lux/people'
import { EmptyState, Lines, Rec, Row, SaidLines, timeOf } from '@lux/ui'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AnswerGiven } from '../components/answer-given.tsx'
import { ComparedWords } from '../components/compared-words.tsx'
import { Page } from '../components/page.tsx'
import { type Part, Signing } from '../components/signing.tsx'
import { TakeIn } from '../components/take-in.tsx'
import { approve, prepare, refuse, usePhone } from '../stores/phone.ts'

export function Request() {
  const { t } = useTranslation()
  const request = usePhone((phone) => phone.request)
  const out = usePhone((phone) => phone.out)
  if (out?.what === 'approved' || out?.what === 'refused')
    return (
      <AnswerGiven
        title={t(`phone.answered.${out.what}`)}
        type="holder-answer"
        what={t('phone.carry.answer')}
      />
    )
  if (request !== null) return <Decide />
  return (
    <Page
      title={t('phone.request.title')}
      back
      actions={
        <TakeIn
          type="request-package"
          what={t('phone.carry.request')}
          label={t('phone.request.choose')}
          several
          onFiles={prepare}
        />
      }
    >
      <EmptyState icon="ceremonies" title={t('phone.request.empty')} what={t('phone.request.what')} />
    </Page>
  )
}

/** Approving is never easier than refusing. A yes is held or confirmed, a no is one press and a reason. */
function Decide() {
  const { t } = useTranslation()
  const request = usePhone((phone) => phone.request)
  const [refusing, setRefusing] = useState(false)
  if (request === null) return null
  const { prepared } = request
  const { share } = prepared
  const { proved, claimed, decide, prints } = sortLines(prepared.lines)
  if (refusing) return <Refuse onBack={() => setRefusing(false)} />
  const parts: Part[] = [
    {
      name: 'asks',
      title: asksOf(t('phone.request.asks', { who: '\n' }), prepared.requester),
      body: (
        <>
          <Lines kind="proved" title={t('phone.request.proved')} lines={proved}>
            <Row name="share">
              <Rec>{share.organisation}</Rec>
              {', '}
              {t('phone.request.share', { holder: share.holder, n: share.n, epoch: share.epoch })}
            </Row>
          </Lines>
          <Lines
            kind="claimed"
            title={t('phone.request.claimed', { who: prepared.requester })}
            lines={claimed}
          />
        </>
      ),
    },
    {
      name: 'cost',
      title: t('phone.request.cost'),
      body: (
        <>
          {prepared.listed ? null : <p className="quiet">{t('phone.request.not-listed')}</p>}
          {prepared.belowFloor ? <p className="bad">{t('phone.request.below-floor')}</p> : null}
          <section className="card">
            <SaidLines lines={prepared.noiseLines} />
          </section>
        </>
      ),
    },
    {
      name: 'words',
      title: t('phone.request.words-title'),
      body: (
        <>
          <ComparedWords label={t('phone.request.words')} words={prepared.words} hex={prepared.digest} />
          <Lines kind="proved" title={t('phone.request.proved')} lines={prints} />
        </>
      ),
    },
    {
      name: 'decide',
      title: t('phone.request.ask'),
      body: (
        <>
          <section className="card">
            <h2>{t('phone.request.if-i-approve')}</h2>
            <ul className="plain consequences">
              <li>{t('phone.request.gives', { t: share.t, n: share.n })}</li>
              <li>{t('phone.request.spends', { spends: prepared.spends, left: prepared.left })}</li>
              <li>
                <strong>{t('phone.request.final')}</strong>
              </li>
            </ul>
          </section>
          <Lines kind="proved" title={t('phone.request.proved')} lines={decide} />
          <details className="card">
            <summary>{t('phone.request.if-i-refuse')}</summary>
            <p>{t('phone.more.refuse-what')}</p>
          </details>
        </>
      ),
    },
  ]
  return (
    <Signing
      of="request"
      digest={prepared.digest}
      parts={parts}
      badge={<span className="badge">{t('phone.request.until', { time: timeOf(prepared.expires) })}</span>}
      hold={t('phone.request.hold')}
      blocked={!prepared.mayApprove}
      onYes={() => void approve()}
      instead={
        <button type="button" className="press" onClick={() => setRefusing(true)}>
          {t('phone.request.refuse')}
        </button>
      }
    />
  )
}

/** A sentence of ours with a name in it, which keeps its own direction. */
function asksOf(sentence: string, who: string): ReactNode {
  const [before, after] = sentence.split('\n')
  return (
    <>
      {before}
      <Rec>{who}</Rec>
      {after}
    </>
  )
}

function Refuse({ onBack }: { onBack: () => void }) {
  const { t } = useTranslation()
  const busy = usePhone((phone) => phone.busy)
  const [reason, setReason] = useState('')
  return (
    <Page
      title={t('phone.refuse.title')}
      actions={
        <>
          <button
            type="button"
            className="press primary"
            disabled={busy !== null}
            onClick={() => void refuse(reason)}
          >
            {busy === null ? t('phone.refuse.sign') : t(`phone.busy.${busy}`)}
          </button>
          <button type="button" className="press" onClick={onBack}>
            {t('phone.back')}
          </button>
        </>
      }
    >
      <p>{t('phone.refuse.what')}</p>
      <label className="form">
        <span>{t('phone.refuse.reason')}</span>
        <input value={reason} maxLength={200} onChange={(event) => setReason(event.target.value)} />
      </label>
    </Page>
  )
}
