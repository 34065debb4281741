import { createTexts } from '@lux/ui/i18n'

const kept = 'lux-console-language'

/** Languages of the console, each a folder of resources/locales. */
export const languages = ['en', 'ar'] as const

export type Language = (typeof languages)[number]

/** What this person chose here, else the first language of the browser that there are texts in. */
export function preferredLanguage(): Language {
  const spoken = [localStorage.getItem(kept) ?? '', ...navigator.languages]
  for (const tag of spoken) {
    const found = languages.find((one) => one === tag.toLowerCase().split('-')[0])
    if (found !== undefined) return found
  }
  return 'en'
}

export const { startI18n, switchLanguage } = createTexts<Language>({
  en: () => import('./language-en.ts'),
  ar: () => import('./language-ar.ts'),
})

export function chooseLanguage(language: Language): void {
  localStorage.setItem(kept, language)
  void switchLanguage(language)
}
