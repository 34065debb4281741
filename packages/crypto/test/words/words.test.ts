import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, fromWords, sha256Hex, toHex, toWords, utf8 } from '../../src/index.ts'
import { evenWords, oddWords } from '../../src/words/words.ts'
import { vectorJson } from '../vectors.ts'

describe('PGP words', () => {
  test('the published fingerprint reads as published', () => {
    const { hex, words } = vectorJson<{ hex: string; words: string }>('rfc/pgp-words.json')
    expect(toWords(fromHex(hex)).join(' ')).toBe(words)
    expect(toHex(fromWords(words.toLowerCase().split(' ')))).toBe(hex)
  })

  test('512 different words, and not one has changed', () => {
    const all = [...evenWords, ...oddWords].map((word) => word.toLowerCase())
    expect([evenWords.length, oddWords.length, new Set(all).size]).toEqual([256, 256, 512])
    expect(sha256Hex(utf8([...evenWords, ...oddWords].join(' ')))).toBe(
      '3e090850023f09a3bff58dbc9926ee0840dd829fa8198af8ceffd1b2280a7096',
    )
  })

  test('any bytes come back; a dropped, doubled or swapped word does not pass', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 2, maxLength: 32 }), fc.nat(), (bytes, at) => {
        const words = toWords(bytes)
        expect(fromWords(words)).toEqual(bytes)
        const i = at % (words.length - 1)
        expect(() => fromWords(words.toSpliced(i, 1))).toThrow('WORDS-ORDER')
        expect(() => fromWords(words.toSpliced(i, 0, words[i]!))).toThrow('WORDS-ORDER')
        expect(() => fromWords(words.toSpliced(i, 2, words[i + 1]!, words[i]!))).toThrow('WORDS-ORDER')
      }),
    )
  })

  test('an unknown word and too many words are refused', () => {
    expect(() => fromWords(['aardwark'])).toThrow('WORDS-UNKNOWN')
    expect(() => fromWords(Array(129).fill('aardvark'))).toThrow('WORDS-COUNT')
  })
})
