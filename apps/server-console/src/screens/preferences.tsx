import { languageName } from '@lux/ui/i18n'
import { useTranslation } from 'react-i18next'
import { appearances, chooseAppearance, useAppearance } from '../components/appearance.ts'
import { Choice } from '../components/form.tsx'
import { chooseLanguage, languages } from '../i18n/start.ts'

/** Language and colours, stored in this browser only. */
export function Preferences() {
  const { t, i18n } = useTranslation()
  const appearance = useAppearance()
  return (
    <div className="preferences">
      <Choice
        label={t('console.language')}
        value={i18n.language}
        options={languages.map((value) => ({ value, label: languageName(value) }))}
        onChange={(value) => {
          const chosen = languages.find((one) => one === value)
          if (chosen !== undefined) chooseLanguage(chosen)
        }}
      />
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
      <p className="quiet">{t('meta.review')}</p>
    </div>
  )
}
