import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Appearance, isLanguage, languageFor } from '../contract/index.ts'

const name = 'appearance.json'

/**
 * How the window looked last, for a first frame that need not wait for core; the settings themselves are core's. Without
 * a readable file: the system's theme and the language of `locale`.
 */
export function lastAppearance(folder: string, locale: string): Appearance {
  const otherwise: Appearance = {
    theme: 'system',
    language: languageFor(locale),
    textSize: 100,
  }
  try {
    const kept: unknown = JSON.parse(readFileSync(join(folder, name), 'utf8'))
    return isAppearance(kept) ? kept : otherwise
  } catch {
    return otherwise
  }
}

/** A folder that cannot be written costs the next start its first frame's look, and nothing else. */
export function rememberAppearance(folder: string, appearance: Appearance): void {
  try {
    writeFileSync(join(folder, name), JSON.stringify(appearance), { mode: 0o600 })
  } catch {
    return
  }
}

function isAppearance(value: unknown): value is Appearance {
  if (typeof value !== 'object' || value === null) return false
  // An object may be asked for any name; one that it lacks reads as undefined.
  const { theme, language, textSize } = value as Partial<Record<keyof Appearance, unknown>>
  return (
    (theme === 'system' || theme === 'light' || theme === 'dark') &&
    isLanguage(language) &&
    typeof textSize === 'number' &&
    [100, 125, 150, 175, 200].includes(textSize)
  )
}
