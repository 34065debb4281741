import { createTexts } from '@lux/ui/i18n'

const kept = 'lux-language'

/** Languages that the phone has texts in, each a folder of resources/locales. */
export const languages = [
  'en',
  'ar',
  'de',
  'es',
  'fr',
  'he',
  'ja',
  'ko',
  'pl',
  'pt-BR',
  'tr',
  'zh-CN',
] as const

export type Language = (typeof languages)[number]

const base = (tag: string): string => tag.toLowerCase().split('-')[0] ?? ''

/** What this person chose here, else the first language of the phone that there are texts in. */
export function preferredLanguage(): Language {
  const chosen = localStorage.getItem(kept)
  const known = languages.find((tag) => tag === chosen)
  if (known !== undefined) return known
  for (const spoken of navigator.languages) {
    const found =
      languages.find((tag) => tag === spoken) ?? languages.find((tag) => base(tag) === base(spoken))
    if (found !== undefined) return found
  }
  return 'en'
}

export function rememberLanguage(language: Language): void {
  localStorage.setItem(kept, language)
}

export const { startI18n, switchLanguage } = createTexts<Language>({
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
})
