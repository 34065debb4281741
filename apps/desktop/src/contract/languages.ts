/** Languages that the window has texts in, each a folder of resources/locales. */
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

/** The language for a system's `locale` such as `de-AT`: its own, else English. */
export function languageFor(locale: string): Language {
  const base = (tag: string): string => tag.toLowerCase().split(/[-_]/)[0] ?? ''
  const exact = languages.find((tag) => tag.toLowerCase() === locale.toLowerCase().replaceAll('_', '-'))
  return exact ?? languages.find((tag) => base(tag) === base(locale)) ?? 'en'
}

/** From which side a language is read. */
export function directionOf(language: Language): 'ltr' | 'rtl' {
  return language === 'ar' || language === 'he' ? 'rtl' : 'ltr'
}

export function isLanguage(value: unknown): value is Language {
  return languages.some((tag) => tag === value)
}
