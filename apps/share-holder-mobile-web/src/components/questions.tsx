import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { usePhone, wipe } from '../stores/phone.ts'

const questions = ['refuse', 'lose', 'leave', 'app'] as const

/** What anybody who holds this phone may ask, locked or not, and the button that wipes it. */
export function Questions() {
  const { t } = useTranslation()
  const busy = usePhone((phone) => phone.busy)
  const [sure, setSure] = useState(false)
  return (
    <>
      <h2 className="section">{t('phone.more.questions')}</h2>
      {questions.map((question) => (
        <details key={question} className="card">
          <summary>{t(`phone.more.${question}`)}</summary>
          <p>{t(`phone.more.${question}-what`, { origin: location.origin })}</p>
        </details>
      ))}
      <section className="card">
        <h2>{t('phone.more.wipe')}</h2>
        <p>{t('phone.more.wipe-what')}</p>
        {sure ? (
          <div className="pair">
            <button type="button" className="press" onClick={() => setSure(false)}>
              {t('phone.back')}
            </button>
            <button
              type="button"
              className="press danger"
              disabled={busy !== null}
              onClick={() => void wipe()}
            >
              {busy === null ? t('phone.more.wipe-sure') : t(`phone.busy.${busy}`)}
            </button>
          </div>
        ) : (
          <button type="button" className="press danger" onClick={() => setSure(true)}>
            {t('phone.more.wipe')}
          </button>
        )}
      </section>
    </>
  )
}
