import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LanguageChoice } from '../components/language-choice.tsx'
import { useOffline } from '../components/offline.ts'
import { Page } from '../components/page.tsx'
import { PasskeyCard } from '../components/passkey-card.tsx'
import { go, lock, wipe } from '../stores/phone.ts'

const questions = ['refuse', 'lose', 'leave', 'app'] as const

export function More() {
  const { t } = useTranslation()
  const offline = useOffline(({ state }) => state)
  const [sure, setSure] = useState(false)
  return (
    <Page title={t('phone.tab.more')}>
      <button type="button" className="press" onClick={lock}>
        {t('phone.more.lock')}
      </button>
      <button type="button" className="press" onClick={() => go('sheet')}>
        {t('phone.sheet.title')}
      </button>
      <LanguageChoice />
      <p role="status" className="quiet">
        {offline === 'unknown' ? '' : t(`phone.offline.${offline}`)}
      </p>
      <PasskeyCard />
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
            <button type="button" className="press danger" onClick={() => void wipe()}>
              {t('phone.more.wipe-sure')}
            </button>
          </div>
        ) : (
          <button type="button" className="press danger" onClick={() => setSure(true)}>
            {t('phone.more.wipe')}
          </button>
        )}
      </section>
    </Page>
  )
}
