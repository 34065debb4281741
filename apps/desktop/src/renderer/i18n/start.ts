import { createTexts } from '@lux/ui/i18n'
import type { Language } from '../../contract/index.ts'

/** The window's texts: every section of resources/locales. */
export const { startI18n, switchLanguage } = createTexts<Language>({
  en: () => import('./language-en.ts'),
  ar: () => import('./language-ar.ts'),
  de: () => import('./language-de.ts'),
  fr: () => import('./language-fr.ts'),
  ja: () => import('./language-ja.ts'),
})
