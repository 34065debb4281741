import { createTexts, preferredLanguage } from '@lux/ui/i18n'

const kept = 'lux-console-language'

/** The texts of each language, which come only when it is chosen; each is a folder of resources/locales. */
const loaders = {
  en: () => import('./language-en.ts'),
  ar: () => import('./language-ar.ts'),
  de: () => import('./language-de.ts'),
  es: () => import('./language-es.ts'),
  fr: () => import('./language-fr.ts'),
  he: () => import('./language-he.ts'),
  ja: () => import('./language-ja.ts'),
  ko: () => import('./language-ko.ts'),
  pl: () => import('./language-pl.ts'),
  'pt-BR': () => import('./language-pt-BR.ts'),
  tr: () => import('./language-tr.ts'),
  'zh-CN': () => import('./language-zh-CN.ts'),
}

export type Language = keyof typeof loaders

// The keys of the very object above.
export const languages = Object.keys(loaders) as Language[]

export const firstLanguage = (): Language | 'pseudo' => preferredLanguage(languages, kept)

export const { startI18n, switchLanguage } = createTexts<Language>(loaders)

export function chooseLanguage(language: Language): void {
  localStorage.setItem(kept, language)
  void switchLanguage(language)
}
