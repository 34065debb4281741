/** Families of styles/letters.css that a first screen is written in: Arabic letters beside Latin ones, else Latin ones alone. */
const arabic = ['lux-arabic', 'lux-latin']
const latin = ['lux-latin']

/**
 * Waits for the letters of a language. Drawn before they are read, a text is first measured in whatever the system has,
 * which Chromium has to look for on the page's own time, and is then drawn again. Letters of several files are not waited for.
 */
export async function loadLetters(language: string): Promise<void> {
  const families = language === 'ar' ? arabic : latin
  // A font that cannot be read costs its letters, never the window.
  await Promise.allSettled(families.map((family) => document.fonts.load(`1em "${family}"`)))
}
