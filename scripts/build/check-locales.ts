import { check, type Texts } from '../locales/check.ts'
import { languagesHere, readTexts } from '../locales/read.ts'

/** Throws where a language lacks a plural form or a placeholder, or has an empty text: no app is built with it. */
export function checkLocales(
  languages: readonly string[] = languagesHere(),
  read: (language: string) => Texts = readTexts,
): void {
  const english = read('en')
  const faults = languages.flatMap((language) => check(language, read(language), english).faults)
  if (faults.length > 0)
    throw new Error(`nothing is built with faulty texts of resources/locales:\n  ${faults.join('\n  ')}`)
}
