/** How many well-known passwords are looked for: as many as a phone can keep, and the same everywhere. */
const most = 5000

/**
 * Of the library's well-known passwords, most frequent first, those that matter in something long. Twice gives the same as once: the phone's
 * build does it too, so that no phone keeps the rest.
 */
export function wellKnown(passwords: readonly string[]): string[] {
  return passwords.filter((word) => word.length > 3 && !/^\d+$/.test(word)).slice(0, most)
}

/** What this project and a famous comic make guessable. */
export const ownWords = [
  'lux',
  'custody',
  'luxcustody',
  'ceremony',
  'holder',
  'passphrase',
  'passwort',
  'troubadour',
  'correcthorsebatterystaple',
]
