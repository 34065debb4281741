import { isLanguage, type Language } from '../../contract/index.ts'

/** A paper is written in the reader's language; the pseudo-locale is for tests of the window and lays out as English. */
export function paperLanguage(language: string): Language {
  return isLanguage(language) ? language : 'en'
}
