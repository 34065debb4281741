import { useTranslation } from 'react-i18next'
import { go } from '../stores/phone.ts'

/** Shown where this browser may delete its storage: a proof for real keys waits for a backup sheet. */
export function MustBackUp() {
  const { t } = useTranslation()
  return (
    <>
      <p className="bad">{t('phone.sheet.first')}</p>
      <button type="button" className="press primary" onClick={() => go('sheet')}>
        {t('phone.sheet.title')}
      </button>
    </>
  )
}
