import { EmptyState, SaidLines, WordCards } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { Page } from '../components/page.tsx'
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
  const { summary } = policy
  return (
    <Page
      title={summary.organisation}
      back
      actions={
        <div className="pair">
          <button type="button" className="press" onClick={() => void theyDiffer()}>
            {t('phone.policy.differ')}
          </button>
          <button type="button" className="press" disabled={busy !== null} onClick={() => void takePolicy()}>
            {t('phone.policy.same')}
          </button>
        </div>
      }
    >
      <p>{t('phone.policy.compare')}</p>
      <WordCards label={t('phone.policy.words')} words={summary.words} hex={summary.digest} />
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
