import { useTranslation } from 'react-i18next'
import { ScanSheet } from '../components/scan-sheet.tsx'
import { restore } from '../stores/phone.ts'

/** Brings a lost phone's key back from its backup sheet. */
export function Restore() {
  const { t } = useTranslation()
  return (
    <details className="card">
      <summary>{t('phone.restore.title')}</summary>
      <div className="form">
        <p>{t('phone.restore.what')}</p>
        <ScanSheet
          label={t('phone.restore.do')}
          more={
            <>
              <label>
                <span>{t('phone.restore.passphrase')}</span>
                <input name="passphrase" type="password" required autoComplete="new-password" />
              </label>
              <p className="quiet">
                {t('ui.new-passphrase')} {t('phone.enrol.rule')}
              </p>
            </>
          }
          onSheet={(sheet, given) =>
            void restore({
              sheet,
              words: String(given.get('words')),
              passphrase: String(given.get('passphrase')),
            })
          }
        />
      </div>
    </details>
  )
}
