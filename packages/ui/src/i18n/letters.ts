/** Families of styles/letters.css that a first screen in each language is written in. */
const families = { en: ['lux-latin'], ar: ['lux-arabic', 'lux-latin'] } as const

/**
 * Waits for the letters of a language. Drawn before they are read, a text is first measured in whatever the system has,
 * which Chromium has to look for on the page's own time, and is then drawn again.
 */
export async function loadLetters(language: 'en' | 'ar'): Promise<void> {
  // A font that cannot be read costs its letters, never the window.
  await Promise.allSettled(families[language].map((family) => document.fonts.load(`1em "${family}"`)))
}
