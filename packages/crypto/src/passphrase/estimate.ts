import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'
import { ownWords, wellKnown } from './known-words.ts'

const { azerty, qwerty, qwertz } = adjacencyGraphs

const estimator = new ZxcvbnFactory({
  dictionary: {
    // In a list named `diceware` the library gives every word the same rank.
    diceware: dictionary['diceware-common'],
    passwords: wellKnown(dictionary['passwords-common']),
    own: ownWords,
  },
  graphs: { azerty, qwerty, qwertz },
  // What follows can only add to it, and the time grows with the square.
  maxLength: 64,
  l33tMaxSubstitutions: 8,
})

const separators = /[\s,;:|/\\_.-]+/gu

/** About how many guesses find the passphrase. A space between words is no secret: the lower of both readings counts. */
export function guesses(passphrase: string, about: readonly string[]): number {
  const text = passphrase.normalize('NFKC')
  const known = about.flatMap((one) => one.normalize('NFKC').split(separators))
  return Math.min(
    ...[text, text.replace(separators, '')].map((reading) => estimator.check(reading, known).guesses),
  )
}
