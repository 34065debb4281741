import { sortLines } from '@lux/people'
import { EmptyState, Lines, Rec, SaidLines, type ShownAct, timeOf, useActParts } from '@lux/ui'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { AnswerGiven } from '../components/answer-given.tsx'
import { ComparedWords } from '../components/compared-words.tsx'
import { Page } from '../components/page.tsx'
import { type Part, Signing } from '../components/signing.tsx'
import { TakeIn } from '../components/take-in.tsx'
import type { Prepared } from '../device/api.ts'
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
  if (request !== null) return <Decide prepared={request.prepared} />
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
function Decide({ prepared }: { prepared: Prepared }) {
  const { t } = useTranslation()
  const [refusing, setRefusing] = useState(false)
  const { described, digest, requester } = prepared
  const { decide } = sortLines(prepared.lines)
  const compared = <ComparedWords label={t('phone.request.words')} words={prepared.words} hex={digest} />
  const shown: ShownAct = {
    ...{ what: 'request', act: described, facts: prepared.lines, fresh: [], claims: [], text: [], digest },
    title: asksOf(t('phone.request.asks', { who: '\n' }), requester),
    boxes: { proved: t('phone.request.proved'), claimed: t('phone.request.claimed', { who: requester }) },
  }
  const acts = useActParts(shown, compared)
  if (refusing) return <Refuse onBack={() => setRefusing(false)} />
  const parts: Part[] = [
    ...acts,
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
      name: 'decide',
      title: t('phone.request.ask'),
      body: (
        <>
          <section className="card">
            <h2>{t('phone.request.if-i-approve')}</h2>
            <SaidLines lines={described.changes.map(({ told }) => told)} />
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
