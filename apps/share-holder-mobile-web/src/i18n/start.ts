import { createTexts, preferredLanguage } from '@lux/ui/i18n'

const kept = 'lux-language'

/** Each language is a chunk of its own, loaded when it is chosen. */
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

// Object.keys gives the keys of the literal above.
export const languages = Object.keys(loaders) as Language[]

export const firstLanguage = (): Language | 'pseudo' => preferredLanguage(languages, kept)

export function rememberLanguage(language: Language): void {
  localStorage.setItem(kept, language)
}

export const { startI18n, switchLanguage } = createTexts<Language>(loaders)
