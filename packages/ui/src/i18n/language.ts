/** The direction in which a language is read. */
export function directionOf(language: string): 'ltr' | 'rtl' {
  return /^(ar|he)\b/.test(language) ? 'rtl' : 'ltr'
}

/** A language's own name for itself. */
export function languageName(language: string): string {
  const name = new Intl.DisplayNames([language], { type: 'language' }).of(language) ?? language
  return name.charAt(0).toLocaleUpperCase(language) + name.slice(1)
}

const base = (tag: string): string => tag.toLowerCase().split('-')[0] ?? ''

/**
 * The language that this person chose in this browser, stored under `kept`. Otherwise the first of the browser's languages that has texts.
 * No screen offers `pseudo`: tests of the built app store it by hand.
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
