import { EmptyState, Rec, timeOf } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import { HandOver } from '../components/hand-over.tsx'
import { Page } from '../components/page.tsx'
import type { LogEntry } from '../device/api.ts'
import { saveLog, usePhone } from '../stores/phone.ts'

/** What this person did on this phone, newest first. */
export function Log() {
  const { t, i18n } = useTranslation()
  const log = usePhone((phone) => phone.overview?.log) ?? []
  const out = usePhone((phone) => phone.out)
  const busy = usePhone((phone) => phone.busy)
  // For a signature it is what was signed, or not signed. For all else it is a name that a person gave.
  const aboutOf = ({ what, about }: LogEntry): string =>
    (what === 'signed' || what === 'refused') && i18n.exists(`act.asks.${about}`)
      ? t(`act.asks.${about}`)
      : about
  return (
    <Page title={t('phone.tab.log')}>
      {log.length === 0 ? (
        <EmptyState icon="transcript" title={t('phone.log.empty')} what={t('phone.log.what')} />
      ) : (
        <>
          {out?.what !== 'log' ? (
            <button type="button" className="press" disabled={busy !== null} onClick={() => void saveLog()}>
              {busy === null ? t('phone.log.save') : t(`phone.busy.${busy}`)}
            </button>
          ) : (
            out.files.map((file) => <HandOver key={file.name} file={file} />)
          )}
          <p className="quiet">{t('phone.log.file')}</p>
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
        </>
      )}
    </Page>
  )
}
