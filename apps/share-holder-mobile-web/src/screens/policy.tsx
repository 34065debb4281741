import { beginReading, EmptyState, goOnIn, readOn, SaidLines, sawPart, WordCards } from '@lux/ui'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Page } from '../components/page.tsx'
import { Seen } from '../components/signing.tsx'
import { TakeIn } from '../components/take-in.tsx'
import { compare, readPolicy, takePolicy, theyDiffer, usePhone } from '../stores/phone.ts'

/** Takes a policy, the one thing that people check by hand. All else is checked against it. */
export function Policy() {
  const { t } = useTranslation()
  const policy = usePhone((phone) => phone.policy)
  const busy = usePhone((phone) => phone.busy)
  if (policy === null)
    return (
      <Page
        title={t('phone.policy.title')}
        back
        actions={
          <TakeIn
            type="policy"
            what={t('phone.carry.policy')}
            label={t('phone.policy.choose')}
            several={false}
            onFiles={readPolicy}
          />
        }
      >
        <EmptyState icon="bundles" title={t('phone.policy.empty')} what={t('phone.policy.what')} />
      </Page>
    )
  return <Compared key={policy.summary.digest} summary={policy.summary} busy={busy !== null} />
}

type Summary = NonNullable<ReturnType<typeof usePhone.getState>['policy']>['summary']

/** The yes works once every word was on screen. The no works at once. */
function Compared({ summary, busy }: { summary: Summary; busy: boolean }) {
  const { t } = useTranslation()
  const [reading, setReading] = useState(() => beginReading(['words']))
  const words = useRef<HTMLDivElement>(null)
  const bar = useRef<HTMLElement>(null)
  const unread = readOn(reading)
  return (
    <Page
      title={summary.organisation}
      back
      bar={bar}
      actions={
        <>
          {/* Apart from the yes: who taps it once more than there is to read has not said yes. */}
          {unread === null ? null : (
            <button
              type="button"
              className="press read-on"
              onClick={() => {
                if (words.current !== null) goOnIn(words.current, unread)
              }}
            >
              {t('phone.read.on')}
            </button>
          )}
          <div className="pair">
            <button type="button" className="press" onClick={() => void theyDiffer()}>
              {t('phone.policy.differ')}
            </button>
            <button
              type="button"
              className="press"
              disabled={busy || unread !== null}
              onClick={() => void takePolicy()}
            >
              {t('phone.policy.same')}
            </button>
          </div>
        </>
      }
    >
      <p>{t('phone.policy.compare')}</p>
      <Seen part={words} bar={bar} onLook={(look) => setReading((was) => sawPart(was, 'words', look))}>
        <WordCards label={t('phone.policy.words')} words={summary.words} hex={summary.digest} />
      </Seen>
      <button
        type="button"
        className="press"
        onClick={() => compare({ label: t('phone.policy.words'), words: summary.words, hex: summary.digest })}
      >
        {t('phone.compare.one')}
      </button>
      <details className="card">
        <summary>{t('phone.policy.lines')}</summary>
        <SaidLines lines={summary.lines} />
      </details>
    </Page>
  )
}
