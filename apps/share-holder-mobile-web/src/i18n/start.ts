import { loaders } from 'virtual:languages'
import { createTexts, preferredLanguage } from '@lux/ui/i18n'

const kept = 'lux-language'

/** By their tags. */
export const languages = Object.keys(loaders)

export const firstLanguage = (): string => preferredLanguage(languages, kept)

export function rememberLanguage(language: string): void {
  localStorage.setItem(kept, language)
}

export const { startI18n, switchLanguage } = createTexts(loaders)
