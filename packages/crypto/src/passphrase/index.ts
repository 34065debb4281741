import { accept, type Outcome, refuse } from '../outcome.ts'

/**
 * A new passphrase or password takes so many guesses, or it is refused: ten thousand guesses a second, which our slow hashes hardly allow a
 * cluster, are busy with it for three years. 12 random letters and digits have it, and four random words; nothing under 12 letters has.
 */
export const leastGuesses = 1e12

/**
 * The one rule of new secrets that people make up, at every door. `about` is what an attacker knows of the person: names. What was sealed
 * under an earlier rule still opens.
 */
export async function checkPassphrase(
  passphrase: string,
  about: readonly string[] = [],
): Promise<Outcome<null>> {
  // The dictionaries come when the first passphrase is made, not when a program starts.
  const { guesses } = await import('./estimate.ts')
  return guesses(passphrase, about) >= leastGuesses
    ? accept(null)
    : refuse('PASSWORD-WEAK', 'it takes fewer guesses than 10^12')
}
