import { describe, expect, test } from 'vitest'
import {
  combineShares,
  nearestWords,
  readShare,
  type Slip39Share,
  shareSecret,
  writeShare,
} from '../../src/backup/index.ts'
import { shareWords } from '../../src/backup/share-word-list.ts'
import {
  deterministicEntropy,
  type Entropy,
  fromHex,
  Secret,
  sha256Hex,
  toHex,
  utf8,
} from '../../src/index.ts'
import { vectorJson } from '../vectors.ts'

type Dealt = {
  groupThreshold: number
  groups: { threshold: number; count: number }[]
  identifier: number
  extendable: boolean
  exponent: number
  passphrase: string
  secret: string
  entropy: string
  shares: string[][]
}
const official = vectorJson<[string, string[], string, string][]>('backup/slip39-official.json')
const dealt = vectorJson<Dealt[]>('backup/slip39-dealt.json')

/** The bytes one after another; it ends with an error, and says how many are left. */
function recorded(bytes: Uint8Array): Entropy & { left(): number } {
  let at = 0
  return {
    bytes(n) {
      if (at + n > bytes.length) throw new Error('more was drawn than was recorded')
      at += n
      return bytes.slice(at - n, at)
    },
    left: () => bytes.length - at,
  }
}

function read(words: string): Slip39Share {
  const share = readShare(words)
  if (!share.ok) throw new Error(`${share.rule}: ${share.detail}`)
  return share.value
}

/** The secret that mnemonics give, in hex, or the rule that refuses them. */
function combined(mnemonics: readonly string[], passphrase: string): string {
  const shares: Slip39Share[] = []
  for (const mnemonic of mnemonics) {
    const share = readShare(mnemonic)
    if (!share.ok) return share.rule
    shares.push(share.value)
  }
  const secret = combineShares(shares, passphrase)
  return secret.ok ? secret.value.use(toHex) : secret.rule
}

describe('the official vectors', () => {
  test('the file has all vectors of the standard', () => {
    expect([official.length, official.filter(([, , secret]) => secret !== '').length]).toEqual([45, 15])
  })

  test.each(official)('%s', (name, mnemonics, secret) => {
    const found = combined(mnemonics, 'TREZOR')
    expect(found).toBe(secret === '' ? refusedBy(name) : secret)
    for (const mnemonic of mnemonics) {
      const share = readShare(mnemonic)
      if (share.ok) expect(writeShare(share.value).join(' ')).toBe(mnemonic)
    }
  })
})

/** Why an official vector is refused, by what its name says of it. */
function refusedBy(name: string): string {
  const reasons: [RegExp, string][] = [
    [/invalid checksum/, 'BACKUP-CHECKSUM'],
    [/invalid padding/, 'BACKUP-PADDING'],
    [/different|mismatching/, 'BACKUP-SET-OTHER'],
    [/greater group threshold/, 'BACKUP-GROUPS'],
    [/duplicate member/, 'BACKUP-SHARE-TWICE'],
    [/invalid digest/, 'BACKUP-DIGEST'],
    [/insufficient number|Basic sharing/i, 'BACKUP-SHARES-FEW'],
    [/insufficient length|invalid master secret length/, 'BACKUP-WORDS-COUNT'],
  ]
  return reasons.find(([pattern]) => pattern.test(name))?.[1] ?? 'no reason'
}

test.each(
  dealt.map(
    (one) =>
      [
        `${one.groupThreshold} of ${one.groups.map(({ threshold, count }) => `${threshold}/${count}`).join(' ')}`,
        one,
      ] as const,
  ),
)(
  'with the same randomness the same words as the reference implementation: %s',
  (_, { secret, entropy, passphrase, shares, ...sharing }) => {
    const source = recorded(fromHex(entropy))
    const made = shareSecret(Secret.take(fromHex(secret)), sharing, { entropy: source, passphrase })
    expect(made.map((group) => group.map((share) => writeShare(share).join(' ')))).toEqual(shares)
    expect(source.left()).toBe(0)
    expect(combined(shares.flat(), passphrase)).toBe(secret)
    const least = shares.flatMap((group, i) => group.slice(-sharing.groups[i]!.threshold))
    expect(combined(least, passphrase)).toBe(secret)
  },
)

describe('words', () => {
  const mnemonic = dealt[1]!.shares[0]![0]!
  const words = mnemonic.split(' ')
  const changed = (...at: number[]): string =>
    words
      .map((word, i) => (at.includes(i) ? shareWords[(shareWords.indexOf(word) + 1 + i) % 1024]! : word))
      .join(' ')

  test('1024 of them, in order, told apart by four letters, and not one has changed', () => {
    expect([shareWords.length, new Set(shareWords.map((word) => word.slice(0, 4))).size]).toEqual([
      1024, 1024,
    ])
    expect(shareWords.toSorted()).toEqual(shareWords)
    expect(sha256Hex(utf8(`${shareWords.join('\n')}\n`))).toBe(
      'bcc4555340332d169718aed8bf31dd9d5248cb7da6e5d355140ef4f1e601eec3',
    )
  })

  test('capitals, tabs and lines do not matter', () => {
    expect(writeShare(read(`\n ${mnemonic.toUpperCase().replaceAll(' ', ' \t\r\n')} `))).toEqual(words)
  })

  test('BACKUP-WORD names the place of every word that is not in the list, and repeats none', () => {
    const typed = words.with(0, 'acadmic').with(32, 'qqqq')
    expect(readShare(typed.join(' '))).toEqual({
      ok: false,
      rule: 'BACKUP-WORD',
      detail: 'not in the list: word 1, word 33',
      words: [1, 33],
    })
  })

  test('the nearest words are those that a slip of the hand makes of one', () => {
    expect(nearestWords('acadmic')).toEqual(['academic'])
    expect(nearestWords('Carogo')[0]).toBe('cargo')
    expect(nearestWords('Acad ')).toEqual(['academic'])
    expect(nearestWords('qqqqqq')).toEqual([])
    expect([nearestWords('a'), nearestWords('a'.repeat(10_000))]).toEqual([[], []])
    for (let i = 0; i < shareWords.length; i += 31) {
      const word = shareWords[i]!
      const at = i % (word.length - 1)
      const swapped = word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2)
      expect(nearestWords(word)[0]).toBe(word)
      expect(nearestWords(swapped, 1024)).toContain(word)
      expect(nearestWords(word.slice(0, 4))[0]).toBe(word)
    }
  })

  test('BACKUP-CHECKSUM finds one wrong word and names its place, at every place', () => {
    for (const at of words.keys()) {
      expect(readShare(changed(at))).toMatchObject({ ok: false, rule: 'BACKUP-CHECKSUM', words: [at + 1] })
    }
  })

  test('BACKUP-CHECKSUM names the second word too when it is wrong about the name that the check is made by', () => {
    const other = words.with(1, shareWords[shareWords.indexOf(words[1]!) ^ 16]!)
    expect(readShare(other.join(' '))).toMatchObject({ rule: 'BACKUP-CHECKSUM', words: [2] })
  })

  test('BACKUP-CHECKSUM finds two and three wrong words, and words that changed places, and accuses none of two', () => {
    for (let at = 0; at + 9 < words.length; at += 4) {
      const two = readShare(changed(at, at + 9))
      expect(two).toMatchObject({ ok: false, rule: 'BACKUP-CHECKSUM' })
      expect(two).not.toHaveProperty('words')
      expect(readShare(changed(at, at + 5, at + 9))).toMatchObject({ ok: false, rule: 'BACKUP-CHECKSUM' })
      const swapped = words.with(at, words[at + 1]!).with(at + 1, words[at]!)
      const same = swapped.join(' ') === mnemonic
      expect(readShare(swapped.join(' ')).ok).toBe(same)
    }
  })

  test('BACKUP-WORDS-COUNT a word less or more, none, and far too many are refused', () => {
    const rule = (text: string) => readShare(text)
    for (const text of [
      '',
      '  ',
      words.slice(1).join(' '),
      `${mnemonic} academic`,
      words.slice(0, 19).join(' '),
    ]) {
      expect(rule(text)).toMatchObject({ ok: false, rule: 'BACKUP-WORDS-COUNT' })
    }
    expect(rule('')).toMatchObject({ detail: '0 words' })
    expect(rule('academic '.repeat(60))).toMatchObject({ rule: 'BACKUP-WORDS-COUNT' })
    expect(rule('a'.repeat(1025))).toMatchObject({ rule: 'BACKUP-WORDS-COUNT' })
  })
})

describe('combining', () => {
  const [first, second, third] = dealt[1]!.shares[0]!
  const read3 = () => [read(first!), read(second!), read(third!)] as const

  test('BACKUP-SHARES-FEW none, and one of two', () => {
    expect(combineShares([])).toMatchObject({ ok: false, rule: 'BACKUP-SHARES-FEW' })
    expect(combineShares([read3()[0]])).toMatchObject({ rule: 'BACKUP-SHARES-FEW' })
  })

  test('BACKUP-SHARE-TWICE the same share twice does not count as two', () => {
    const [a, b] = read3()
    expect(combineShares([a, b, b])).toMatchObject({ ok: false, rule: 'BACKUP-SHARE-TWICE' })
    expect(combineShares(Array(257).fill(a))).toMatchObject({ rule: 'BACKUP-SHARE-TWICE' })
  })

  test('BACKUP-SET-OTHER every field that a set has in common', () => {
    const [a, b] = read3()
    const others: Partial<Slip39Share>[] = [
      { identifier: 2 },
      { extendable: false },
      { exponent: 1 },
      { groupThreshold: 2 },
      { groupCount: 2 },
      { memberThreshold: 3 },
      { value: Secret.take(new Uint8Array(16)) },
    ]
    for (const other of others) {
      expect(combineShares([a, { ...b, ...other }])).toMatchObject({ ok: false, rule: 'BACKUP-SET-OTHER' })
    }
  })

  test('BACKUP-EXPONENT hours of work are refused before they begin', () => {
    const shares = read3().map((share) => ({ ...share, exponent: 5 }))
    expect(combineShares(shares)).toMatchObject({ ok: false, rule: 'BACKUP-EXPONENT' })
  })

  test('shares print no secret, and lend it after combining', () => {
    const [a, b] = read3()
    expect(JSON.stringify(a)).toContain('[secret]')
    expect(combineShares([a, b]).ok).toBe(true)
    expect(writeShare(a).join(' ')).toBe(first)
  })

  test('thresholds and secrets that SLIP-0039 does not allow throw', () => {
    const sharing = {
      identifier: 1,
      extendable: true,
      exponent: 0,
      groupThreshold: 1,
      groups: [{ threshold: 2, count: 3 }],
    }
    const share = (changes: Partial<typeof sharing>, length = 32) =>
      shareSecret(
        Secret.take(new Uint8Array(length)),
        { ...sharing, ...changes },
        {
          entropy: deterministicEntropy(new Uint8Array(32)),
        },
      )
    expect(() => share({ identifier: 0x8000 })).toThrow('identifier')
    expect(() => share({ exponent: 5 })).toThrow('exponent')
    expect(() => share({ groupThreshold: 2 })).toThrow('groupThreshold')
    expect(() => share({ groups: [] })).toThrow('groups')
    expect(() => share({ groups: [{ threshold: 1, count: 2 }] })).toThrow('count')
    expect(() => share({ groups: [{ threshold: 3, count: 2 }] })).toThrow('threshold')
    expect(() => share({ groups: [{ threshold: 2, count: 17 }] })).toThrow('count')
    for (const length of [14, 17, 66]) expect(() => share({}, length)).toThrow('secret')
    expect(() => combineShares(read3(), 'pässword')).toThrow('passphrase')
  })
})
