import { createTexts, type Translated } from '@lux/ui/i18n'

const kept = 'lux-language'

/** What this person chose here, else what the phone speaks. */
export function preferredLanguage(): Translated {
  const chosen = localStorage.getItem(kept)
  if (chosen === 'en' || chosen === 'ar') return chosen
  return navigator.language.startsWith('ar') ? 'ar' : 'en'
}

export function rememberLanguage(language: Translated): void {
  localStorage.setItem(kept, language)
}

export const { startI18n, switchLanguage } = createTexts({
  en: () => import('./language-en.ts'),
  ar: () => import('./language-ar.ts'),
})
