import { type Refusal, refuse } from '../outcome.ts'
import { Secret } from '../secret.ts'
import { shareWords } from './share-word-list.ts'

// A share as words: 15 bits of identifier, extendable, 4 of iteration exponent; five fields of 4 bits; the value after zeros up to whole
// words; three words of checksum. The word look-up is not constant-time, because whoever can watch this process's memory reads the words
// anyway.
const metadataWords = 7
const leastWords = 20
const mostWords = 59
const mostCharacters = 1024

/** One share of SLIP-0039, of any group. Indices start at 0, thresholds and counts at 1. */
export type Slip39Share = {
  /** 15 bits that every share of one set begins with. */
  readonly identifier: number
  readonly extendable: boolean
  readonly exponent: number
  readonly groupIndex: number
  readonly groupThreshold: number
  readonly groupCount: number
  readonly memberIndex: number
  readonly memberThreshold: number
  /** As long as the secret: 16 to 64 bytes, an even number. */
  readonly value: Secret
}

/** A refusal of typed words; `words` are the places, from 1, of those to look at. What was typed is never repeated. */
export type WordsRefusal = Refusal & { readonly words?: readonly number[] }

/** The words of a share. They are strings, which nothing can overwrite: let them go at once. */
export function writeShare(share: Slip39Share): string[] {
  const { identifier, extendable, exponent } = share
  const first = (identifier << 5) | (Number(extendable) << 4) | exponent
  const second =
    (share.groupIndex << 16) |
    ((share.groupThreshold - 1) << 12) |
    ((share.groupCount - 1) << 8) |
    (share.memberIndex << 4) |
    (share.memberThreshold - 1)
  const places = [first >> 10, first & 1023, second >> 10, second & 1023, ...share.value.use(toPlaces)]
  const whole = [...places, ...wordChecksum(places, extendable)]
  return whole.map((place) => shareWords[place] ?? '')
}

/**
 * Reads a share from words, in capitals or small letters with any spaces. Refuses BACKUP-WORD for words outside the list,
 * BACKUP-WORDS-COUNT, BACKUP-CHECKSUM (with the place, where one wrong word explains it), BACKUP-PADDING, BACKUP-GROUPS for more groups
 * than there are.
 */
export function readShare(text: string): { readonly ok: true; readonly value: Slip39Share } | WordsRefusal {
  if (text.length > mostCharacters) {
    return refuse('BACKUP-WORDS-COUNT', `more than ${mostCharacters} characters`)
  }
  const typed = text.trim().toLowerCase().split(/\s+/)
  const places = typed.map((word) => shareWords.indexOf(word))
  const unknown = places.flatMap((place, i) => (place < 0 ? [i + 1] : []))
  if (unknown.length > 0 && text.trim() !== '') {
    return {
      ...refuse('BACKUP-WORD', `not in the list: ${unknown.map((i) => `word ${i}`).join(', ')}`),
      words: unknown,
    }
  }
  const valueWords = places.length - metadataWords
  const padding = (10 * valueWords) % 16
  if (places.length < leastWords || places.length > mostWords || padding > 8) {
    return refuse('BACKUP-WORDS-COUNT', `${text.trim() === '' ? 0 : places.length} words`)
  }
  const [a = 0, b = 0, c = 0, d = 0] = places
  const extendable = isExtendable(b)
  if (!isChecked(places, extendable)) {
    const suspect = wrongWord(places)
    return suspect === undefined
      ? refuse('BACKUP-CHECKSUM', 'the words do not fit together')
      : {
          ...refuse('BACKUP-CHECKSUM', `the words do not fit together; look at word ${suspect}`),
          words: [suspect],
        }
  }
  const second = (c << 10) | d
  const groupThreshold = ((second >> 12) & 15) + 1
  const groupCount = ((second >> 8) & 15) + 1
  if (groupThreshold > groupCount) {
    return refuse('BACKUP-GROUPS', `${groupThreshold} groups are needed, and there are ${groupCount}`)
  }
  const value = fromPlaces(places.slice(4, -3), padding)
  if (value === null) return refuse('BACKUP-PADDING', 'the bits before the value are not zero')
  return {
    ok: true,
    value: {
      identifier: ((a << 10) | b) >> 5,
      extendable,
      exponent: b & 15,
      groupIndex: second >> 16,
      groupThreshold,
      groupCount,
      memberIndex: (second >> 4) & 15,
      memberThreshold: (second & 15) + 1,
      value: Secret.take(value),
    },
  }
}

/**
 * The listed words that a typed word may mean, at most `most`. These are the words that begin with it, else those the fewest edits away:
 * one or two letters, where swapping neighbours counts as one. As secret as the words themselves.
 */
export function nearestWords(typed: string, most = 3): string[] {
  const word = typed.trim().toLowerCase()
  if (word.length < 2 || word.length > 16) return []
  const away = shareWords.map((known) => (known.startsWith(word) ? 0 : lettersAway(word, known)))
  const least = Math.min(...away)
  return least > 2 ? [] : shareWords.filter((_, i) => away[i] === least).slice(0, most)
}

/** The place, from 1, of the one word that could be changed so that the check holds; none where several could, or none. */
function wrongWord(places: readonly number[]): number | undefined {
  // The second word says by which of the two names the check is made.
  const found = [true, false].flatMap((extendable) =>
    singleCorrections(places, extendable).filter(
      ({ at, word }) => isExtendable(at === 1 ? word : places[1]) === extendable,
    ),
  )
  const [first, ...more] = found
  return first !== undefined && more.length === 0 ? first.at + 1 : undefined
}

function isExtendable(secondWord = 0): boolean {
  return ((secondWord >> 4) & 1) === 1
}

/** Edits between two words: a letter more, less or changed, or two neighbours swapped (optimal string alignment). */
function lettersAway(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  const at = (i: number, j: number): number => rows[i]?.[j] ?? 0
  for (let i = 1; i <= a.length; i++) {
    rows.push([i])
    for (let j = 1; j <= b.length; j++) {
      const changed = a[i - 1] === b[j - 1] ? 0 : 1
      let least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + changed)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, at(i - 2, j - 2) + 1)
      }
      rows[i]?.push(least)
    }
  }
  return at(a.length, b.length)
}

function toPlaces(value: Uint8Array): number[] {
  const places: number[] = []
  let bits = 10 * Math.ceil((8 * value.length) / 10) - 8 * value.length
  let held = 0
  for (const byte of value) {
    held = (held << 8) | byte
    bits += 8
    if (bits < 10) continue
    bits -= 10
    places.push(held >> bits)
    held &= (1 << bits) - 1
  }
  return places
}

/** The value in words after `padding` zero bits, or null where one of those is not zero. */
function fromPlaces(places: readonly number[], padding: number): Uint8Array | null {
  if ((places[0] ?? 0) >> (10 - padding) !== 0) return null
  const value = new Uint8Array((10 * places.length - padding) / 8)
  let bits = -padding
  let held = 0
  let at = 0
  for (const place of places) {
    held = (held << 10) | place
    bits += 10
    while (bits >= 8) {
      bits -= 8
      value[at++] = held >> bits
      held &= (1 << bits) - 1
    }
  }
  return value
}

// RS1024 of SLIP-0039, a Reed-Solomon code over GF(1024) with three checksum words. It finds any three wrong words.
const generator = [
  0xe0e040, 0x1c1c080, 0x3838100, 0x7070200, 0xe0e0009, 0x1c0c2412, 0x38086c24, 0x3090fc48, 0x21b1f890,
  0x3f3f120,
]

/** The three checksum words after `words`, each 0 to 1023. */
function wordChecksum(words: readonly number[], extendable: boolean): number[] {
  const check = remainder([...words, 0, 0, 0], extendable) ^ 1
  return [check >> 20, (check >> 10) & 1023, check & 1023]
}

/** Whether words end with their checksum. */
function isChecked(words: readonly number[], extendable: boolean): boolean {
  return remainder(words, extendable) === 1
}

/** Every single replacement of one word that makes the checksum hold; `at` from 0. Empty where it holds already. */
function singleCorrections(
  words: readonly number[],
  extendable: boolean,
): { readonly at: number; readonly word: number }[] {
  const wrong = remainder(words, extendable) ^ 1
  return words.flatMap((word, at) => {
    // A change's effect on the remainder is linear in its bits.
    const after = Array<number>(words.length - at - 1).fill(0)
    const ofBit = generator.map((_, bit) => divide(0, [1 << bit, ...after]))
    for (let change = 1; change < 1024; change++) {
      let effect = 0
      for (let bit = 0; bit < 10; bit++) effect ^= (ofBit[bit] ?? 0) & (0 - ((change >> bit) & 1))
      if (effect === wrong) return [{ at, word: word ^ change }]
    }
    return []
  })
}

function remainder(words: readonly number[], extendable: boolean): number {
  const name = extendable ? 'shamir_extendable' : 'shamir'
  return divide(
    1,
    Array.from(name, (char) => char.charCodeAt(0)),
    words,
  )
}

function divide(start: number, ...parts: readonly (readonly number[])[]): number {
  let check = start
  for (const words of parts) {
    for (const word of words) {
      const top = check >> 20
      check = ((check & 0xfffff) << 10) ^ word
      for (let bit = 0; bit < 10; bit++) check ^= (generator[bit] ?? 0) & (0 - ((top >> bit) & 1))
    }
  }
  return check
}
