import { languageName } from '@lux/ui/i18n'
import { useTranslation } from 'react-i18next'
import { appearances, chooseAppearance, useAppearance } from '../components/appearance.ts'
import { chooseLanguage, languages } from '../i18n/start.ts'

/** Language and light, kept in this browser alone. */
export function Preferences() {
  const { t, i18n } = useTranslation()
  const appearance = useAppearance()
  return (
    <div className="preferences">
      <fieldset className="segments" aria-label={t('console.language')}>
        {languages.map((language) => (
          <button
            key={language}
            type="button"
            lang={language}
            aria-pressed={i18n.language === language}
            onClick={() => chooseLanguage(language)}
          >
            {languageName(language)}
          </button>
        ))}
      </fieldset>
      <fieldset className="segments" aria-label={t('console.appearance.label')}>
        {appearances.map((one) => (
          <button
            key={one}
            type="button"
            aria-pressed={appearance === one}
            onClick={() => chooseAppearance(one)}
          >
            {t(`console.appearance.${one}`)}
          </button>
        ))}
      </fieldset>
    </div>
  )
}
