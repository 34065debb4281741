import { fromHex, toWords } from '@lux/crypto'

/** PGP words of a digest in hex; none for an empty one. */
export function wordsOf(hex: string): string[] {
  return hex === '' ? [] : toWords(fromHex(hex))
}
