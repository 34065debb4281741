import { EmptyState, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { Page } from '../components/page.tsx'
import { usePhone } from '../stores/phone.ts'

/** What this person did on this phone, newest first. */
export function Log() {
  const { t } = useTranslation()
  const log = usePhone((phone) => phone.overview?.log) ?? []
  return (
    <Page title={t('phone.tab.log')}>
      {log.length === 0 ? (
        <EmptyState icon="transcript" title={t('phone.log.empty')} what={t('phone.log.what')} />
      ) : (
        <ol className="card rows">
          {log.map((entry) => (
            <li key={`${entry.at} ${entry.what} ${entry.digest}`}>
              <div className="row-text">
                <strong>{t(`phone.log.${entry.what}`)}</strong>
                <Rec>{entry.about}</Rec>
                <time className="quiet" dateTime={entry.at} dir="ltr">
                  {`${entry.at.slice(0, 16).replace('T', ' ')} UTC`}
                </time>
              </div>
            </li>
          ))}
        </ol>
      )}
    </Page>
  )
}
