import { useTranslation } from 'react-i18next'
import { LanguageChoice } from '../components/language-choice.tsx'
import { useOffline } from '../components/offline.ts'
import { Page } from '../components/page.tsx'
import { PasskeyCard } from '../components/passkey-card.tsx'
import { Questions } from '../components/questions.tsx'
import { go, lock } from '../stores/phone.ts'

export function More() {
  const { t } = useTranslation()
  const offline = useOffline(({ state }) => state)
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
        {offline === 'unknown'
          ? ''
          : t(offline === 'replaced' ? 'phone.before.version-replaced' : `phone.offline.${offline}`)}
      </p>
      <PasskeyCard />
      <Questions />
    </Page>
  )
}
