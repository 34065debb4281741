import { EmptyState, Rec, WordCards } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { Page } from '../components/page.tsx'
import { TakeIn } from '../components/take-in.tsx'
import { go, readPolicy, takePolicy, usePhone } from '../stores/phone.ts'

/** The one thing that is taken by hand: everything else is believed because of it. */
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
        <>
          <button type="button" className="press" disabled={busy !== null} onClick={() => void takePolicy()}>
            {t('phone.policy.same')}
          </button>
          <button type="button" className="press" onClick={() => go('policy')}>
            {t('phone.policy.differ')}
          </button>
        </>
      }
    >
      <p>{t('phone.policy.compare')}</p>
      <WordCards label={t('phone.policy.words')} words={summary.words} hex={summary.digest} />
      <details className="card">
        <summary>{t('phone.policy.lines')}</summary>
        <ul className="plain lines">
          {summary.lines.map((line) => (
            <li key={line}>
              <Rec>{line}</Rec>
            </li>
          ))}
        </ul>
      </details>
    </Page>
  )
}
