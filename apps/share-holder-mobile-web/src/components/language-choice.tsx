import { languageName } from '@lux/ui/i18n'
import { useTranslation } from 'react-i18next'
import { languages, rememberLanguage, switchLanguage } from '../i18n/start.ts'

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
          {languageName(language)}
        </button>
      ))}
      <p className="quiet">{t('meta.review')}</p>
    </fieldset>
  )
}
