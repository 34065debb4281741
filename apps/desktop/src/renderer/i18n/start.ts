import { createTexts } from '@lux/ui/i18n'
import type { Language } from '../../contract/index.ts'

/** The window's texts: every section of resources/locales. */
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
