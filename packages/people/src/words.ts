import { fromHex, toWords } from '@lux/crypto'

/** A hex digest as PGP words, to read aloud; none of an empty one. */
export function wordsOf(digest: string): string[] {
  return digest === '' ? [] : toWords(fromHex(digest, 32))
}

/** Eight words on a line, so that two people do not lose their place. */
export function wordLines(words: readonly string[]): string[] {
  return Array.from(
    { length: Math.ceil(words.length / 8) },
    (_, row) => `  ${words.slice(row * 8, row * 8 + 8).join(' ')}`,
  )
}
