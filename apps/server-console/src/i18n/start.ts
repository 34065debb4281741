import { loaders } from 'virtual:languages'
import { createTexts, preferredLanguage } from '@lux/ui/i18n'

const kept = 'lux-console-language'

/** By their tags. */
export const languages = Object.keys(loaders)

export const firstLanguage = (): string => preferredLanguage(languages, kept)

export const { startI18n, switchLanguage } = createTexts(loaders)

export function chooseLanguage(language: string): void {
  localStorage.setItem(kept, language)
  void switchLanguage(language)
}
