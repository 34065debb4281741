/** From which side a language is read. */
export function directionOf(language: string): 'ltr' | 'rtl' {
  return /^(ar|he)\b/.test(language) ? 'rtl' : 'ltr'
}

/** A language in its own words, as a list of languages shows it. */
export function languageName(language: string): string {
  const name = new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1)
}

const base = (tag: string): string => tag.toLowerCase().split('-')[0] ?? ''

/**
 * What this person chose in this browser, kept under `kept`; else the first of the browser's languages that there are texts in.
 * Nothing offers `pseudo`: a test of the built app keeps it there by hand.
 */
export function preferredLanguage<L extends string>(
  languages: readonly L[],
  kept: string,
): L | 'en' | 'pseudo' {
  const chosen = localStorage.getItem(kept)
  if (chosen === 'pseudo') return chosen
  const known = languages.find((tag) => tag === chosen)
  if (known !== undefined) return known
  for (const spoken of navigator.languages) {
    const found =
      languages.find((tag) => tag === spoken) ?? languages.find((tag) => base(tag) === base(spoken))
    if (found !== undefined) return found
  }
  return 'en'
}
