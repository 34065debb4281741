import { useTranslation } from 'react-i18next'
import { rememberLanguage, switchLanguage } from '../i18n/start.ts'

const languages = ['en', 'ar'] as const

export function LanguageChoice() {
  const { t, i18n } = useTranslation()
  return (
    <fieldset className="segments">
      <legend className="quiet">{t('phone.language')}</legend>
      {languages.map((language) => (
        <button
          key={language}
          type="button"
          lang={language}
          aria-pressed={i18n.language === language}
          onClick={() => {
            rememberLanguage(language)
            void switchLanguage(language)
          }}
        >
          {t(`phone.languages.${language}`)}
        </button>
      ))}
    </fieldset>
  )
}
