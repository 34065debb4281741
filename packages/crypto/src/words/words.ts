import { FormatError } from '../format-error.ts'
import { evenWords, oddWords } from './pgp-word-list.ts'

const maxWords = 128

/**
 * One word of the PGP word list for each byte: two syllables at even places, three at odd ones. So a missing, doubled or swapped word is
 * heard.
 */
export function toWords(bytes: Uint8Array): string[] {
  return Array.from(bytes, (byte, index) => listAt(index)[byte] ?? '')
}

/**
 * The bytes of words as heard or typed, capitals ignored, at most 128 of them. Throws FormatError `WORDS-COUNT`,
 * `WORDS-UNKNOWN`, or `WORDS-ORDER` when a word belongs to the other list, so that one before it is missing or doubled.
 */
export function fromWords(words: readonly string[]): Uint8Array {
  if (words.length > maxWords)
    throw new FormatError('WORDS-COUNT', `${words.length} words, at most ${maxWords}`)
  return Uint8Array.from(words, (word, index) => {
    const byte = find(listAt(index), word)
    if (byte >= 0) return byte
    if (find(listAt(index + 1), word) >= 0) {
      throw new FormatError('WORDS-ORDER', `word ${index + 1} has the syllables of its neighbour's place`)
    }
    throw new FormatError('WORDS-UNKNOWN', `word ${index + 1} is not in the list`)
  })
}

function listAt(index: number): readonly string[] {
  return index % 2 === 0 ? evenWords : oddWords
}

function find(list: readonly string[], word: string): number {
  const wanted = word.toLowerCase()
  return list.findIndex((known) => known.toLowerCase() === wanted)
}
