import { EmptyState, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { Page } from '../components/page.tsx'
import { timeOf } from '../components/time.ts'
import type { LogEntry } from '../device/api.ts'
import { usePhone } from '../stores/phone.ts'

/** What this person did on this phone, newest first. */
export function Log() {
  const { t, i18n } = useTranslation()
  const log = usePhone((phone) => phone.overview?.log) ?? []
  // Of a signature it is what was signed; every other name is a person's own.
  const aboutOf = ({ what, about }: LogEntry): string =>
    what === 'signed' && i18n.exists(`phone.sign.asks.${about}`) ? t(`phone.sign.asks.${about}`) : about
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
                <Rec>{aboutOf(entry)}</Rec>
                <time className="quiet" dateTime={entry.at} dir="ltr">
                  {timeOf(entry.at)}
                </time>
              </div>
            </li>
          ))}
        </ol>
      )}
    </Page>
  )
}
