import { createTexts } from '@lux/ui/i18n'

/** The window's texts: every section of resources/locales. */
export const { startI18n, switchLanguage } = createTexts({
  en: () => import('./language-en.ts'),
  ar: () => import('./language-ar.ts'),
})
