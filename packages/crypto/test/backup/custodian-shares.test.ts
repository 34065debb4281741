import { describe, expect, test } from 'vitest'
import {
  type CustodianShare,
  checkShare,
  combineBackup,
  commitShare,
  custodianWords,
  type DealtBackup,
  dealBackup,
  readCustodianShare,
} from '../../src/backup/index.ts'
import { deterministicEntropy, type Entropy, fromHex, toHex, utf8 } from '../../src/index.ts'
import { vectorJson } from '../vectors.ts'

type Sharing = { shares: string[][] }
type Known = {
  secret: string
  shares: string[]
  header: { set: string; identifier: number; t: number; shares: string[] }
}
const official = vectorJson<[string, string[], string, string][]>('backup/slip39-official.json')
const dealtElsewhere = vectorJson<Sharing[]>('backup/slip39-dealt.json')
const known = vectorJson<Known[]>('backup/medium.json')
const set = new Uint8Array(16).fill(5)
const entropyOf = (seed: number) => deterministicEntropy(new Uint8Array(32).fill(seed))
const none = new Set<number>()

function dealt(t: number, n: number, seed = 1, used: ReadonlySet<number> = none): DealtBackup {
  const made = dealBackup({ t, n }, { entropy: entropyOf(seed), used })
  if (!made.ok) throw new Error(made.rule)
  return made.value
}

function read(words: string): CustodianShare {
  const share = readCustodianShare(words)
  if (!share.ok) throw new Error(share.rule)
  return share.value
}

const ruleOf = (text: string) => {
  const share = readCustodianShare(text)
  return share.ok ? 'accepted' : share.rule
}

describe('dealing', () => {
  test.each([
    [2, 2],
    [2, 3],
    [3, 5],
    [16, 16],
  ])(
    '%i of %i: n shares of 33 words, any t of which give the secret, and all n are of one polynomial',
    (t, n) => {
      const { secret, identifier, shares } = dealt(t, n)
      const again = shares.map((share) => read(custodianWords(share)))
      expect(again.map((share) => [share.identifier, share.index, share.t])).toEqual(
        Array.from({ length: n }, (_, i) => [identifier, i + 1, t]),
      )
      expect(shares.map((share) => custodianWords(share).split(' ').length)).toEqual(Array(n).fill(33))
      for (const some of [again, again.slice(0, t), again.slice(-t).toReversed()]) {
        const combined = combineBackup(some)
        expect(combined.ok && combined.value.use(toHex)).toBe(secret.use(toHex))
      }
      expect(combineBackup(again.slice(1, t))).toMatchObject({ ok: false, rule: 'BACKUP-SHARES-FEW' })
    },
  )

  test('an identifier that an earlier backup had is never drawn again', () => {
    const first = dealt(2, 2)
    const used = new Set([first.identifier])
    const next = dealt(2, 2, 1, used)
    expect(used.has(next.identifier)).toBe(false)
    const all = new Set(Array.from({ length: 0x8000 }, (_, i) => i))
    expect(dealBackup({ t: 2, n: 2 }, { entropy: entropyOf(1), used: all })).toMatchObject({
      ok: false,
      rule: 'BACKUP-ENTROPY',
    })
  })

  test('BACKUP-ENTROPY a source that repeats itself deals nothing', () => {
    const stuck: Entropy = { bytes: (n) => new Uint8Array(n).fill(9) }
    for (const t of [2, 3]) {
      expect(dealBackup({ t, n: 3 }, { entropy: stuck, used: none })).toMatchObject({
        ok: false,
        rule: 'BACKUP-ENTROPY',
      })
    }
  })

  test('a number of custodians outside the limits, or a random source that gives too few bytes, throws', () => {
    for (const [t, n] of [
      [1, 2],
      [3, 2],
      [2, 17],
      [2.5, 3],
    ] as const) {
      expect(() => dealt(t, n)).toThrow('custodians')
    }
    const short: Entropy = { bytes: (n) => new Uint8Array(n).slice(0, 2) }
    expect(() => dealBackup({ t: 2, n: 2 }, { entropy: short, used: none })).toThrow('entropy')
  })

  test('a share prints no secret', () => {
    const [share] = dealt(2, 2).shares
    expect(JSON.stringify(share)).toContain('"value":"[secret]"')
  })
})

describe('reading', () => {
  test('BACKUP-SHARE-KIND a share of a wallet, of groups or of the whole secret is of no backup', () => {
    const whole = official.find(([name]) => name.startsWith('44.'))?.[1][0]
    const older = official.find(([name]) => name.startsWith('23.'))?.[1][0]
    const grouped = dealtElsewhere[10]?.shares[1]?.[0]
    expect([whole, older, grouped].map((words) => ruleOf(words ?? ''))).toEqual(
      Array(3).fill('BACKUP-SHARE-KIND'),
    )
  })

  test('BACKUP-WORDS-COUNT a share of a shorter secret is refused, though it is well written', () => {
    const short = official.find(([name]) => name.startsWith('43.'))?.[1][0]
    expect(ruleOf(short ?? '')).toBe('BACKUP-WORDS-COUNT')
  })

  test('any other letter, a letter less and a letter doubled, at every place of the words, are refused', () => {
    const words = known[0]!.shares[0]!
    const taken: number[] = []
    for (const [at, char] of [...words].entries()) {
      const other = char === 'z' ? 'a' : String.fromCharCode(char.charCodeAt(0) + 1)
      for (const instead of [other, '', char + char]) {
        const typed = words.slice(0, at) + instead + words.slice(at + 1)
        // A second space is white space as the first is.
        if (char === ' ' && instead === '  ') expect(ruleOf(typed)).toBe('accepted')
        else if (ruleOf(typed) === 'accepted') taken.push(at)
      }
    }
    expect(taken).toEqual([])
  })

  test('BACKUP-WORD one mistyped word of a share is named', () => {
    const words = known[0]!.shares[0]!.split(' ').with(7, 'qqqq')
    expect(readCustodianShare(words.join(' '))).toMatchObject({ rule: 'BACKUP-WORD', words: [8] })
  })
})

describe('checking one share alone', () => {
  const backup = dealt(2, 3)
  const other = dealt(2, 3, 2)
  const expected = (index: number) => ({
    set,
    identifier: backup.identifier,
    index,
    t: 2,
    commitment: commitShare(set, backup.shares[index - 1]!),
  })

  test('commitments are those that another program makes', () => {
    for (const { shares, header } of known) {
      const own = shares.map((words) => toHex(commitShare(fromHex(header.set), read(words))))
      expect(own).toEqual(header.shares)
    }
    expect(() => commitShare(set.slice(1), backup.shares[0]!)).toThrow('set')
  })

  test('each dealt share passes the check under its own number', () => {
    for (const share of backup.shares) expect(checkShare(share, expected(share.index))).toEqual({ ok: true })
  })

  test('BACKUP-SET-OTHER a share of another backup', () => {
    expect(checkShare(other.shares[0]!, expected(1))).toMatchObject({ ok: false, rule: 'BACKUP-SET-OTHER' })
    const [share] = backup.shares
    expect(checkShare({ ...share!, t: 3 }, expected(1))).toMatchObject({
      ok: false,
      rule: 'BACKUP-SET-OTHER',
    })
  })

  test('BACKUP-SHARE-OTHER another custodian’s share', () => {
    expect(checkShare(backup.shares[1]!, expected(1))).toMatchObject({
      ok: false,
      rule: 'BACKUP-SHARE-OTHER',
    })
  })

  test('BACKUP-COMMITMENT a share under the same identifier and index that was not dealt, and one of another set', () => {
    const forged = { ...other.shares[0]!, identifier: backup.identifier }
    expect(checkShare(forged, expected(1))).toMatchObject({ ok: false, rule: 'BACKUP-COMMITMENT' })
    const elsewhere = { ...expected(1), set: utf8('another set here') }
    expect(checkShare(backup.shares[0]!, elsewhere)).toMatchObject({ ok: false, rule: 'BACKUP-COMMITMENT' })
  })
})

describe('combining', () => {
  const backup = dealt(2, 3)
  const [one, two, three] = backup.shares as [CustodianShare, CustodianShare, CustodianShare]
  const other = dealt(2, 3, 2)
  const ruleFor = (...shares: CustodianShare[]) => {
    const combined = combineBackup(shares)
    return combined.ok ? 'accepted' : combined.rule
  }

  test('BACKUP-SHARE-TWICE, BACKUP-SET-OTHER, BACKUP-SHARES-FEW', () => {
    expect(ruleFor(one, one)).toBe('BACKUP-SHARE-TWICE')
    expect(ruleFor(one, other.shares[1]!)).toBe('BACKUP-SET-OTHER')
    expect(ruleFor(three)).toBe('BACKUP-SHARES-FEW')
  })

  test('BACKUP-DIGEST and BACKUP-SHARES-DISAGREE a share of another secret under this identifier gives no secret', () => {
    const forged = { ...other.shares[1]!, identifier: backup.identifier }
    expect(ruleFor(one, forged)).toBe('BACKUP-DIGEST')
    expect(ruleFor(one, three, forged)).toBe('BACKUP-SHARES-DISAGREE')
    expect(ruleFor(one, two, three)).toBe('accepted')
  })
})
