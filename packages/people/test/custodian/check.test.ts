import type { Predicate } from '@lux/ceremony/bundle'
import { deterministicEntropy, Secret, sha256Hex, toHex } from '@lux/crypto'
import { commitShare, custodianWords, dealBackup, sealMedium } from '@lux/crypto/backup'
import { describe, expect, test } from 'vitest'
import { checkBackup } from '../../src/index.ts'
import { accepted, ruleOf } from '../support/outcome.ts'

const entropy = (seed: number) => deterministicEntropy(new Uint8Array(32).fill(seed))

/** A backup with its words and medium, as it stands in a predicate. */
function made(seed: number) {
  const dealt = dealBackup({ t: 2, n: 3 }, { entropy: entropy(seed), used: new Set() })
  if (!dealt.ok) throw new Error(dealt.rule)
  const { secret, identifier, shares } = dealt.value
  const set = new Uint8Array(16).fill(seed)
  const wrapped = new Uint8Array(512).fill(seed)
  const commitments = shares.map((share) => toHex(commitShare(set, share)))
  const medium = sealMedium(
    {
      domain: 'production',
      ceremonyId: '7c'.repeat(16),
      key: 'root-kek',
      set: toHex(set),
      identifier,
      t: 2,
      n: 3,
      publicKey: '6b'.repeat(32),
      mechanism: 'RSA-OAEP-SHA1',
      wrapped: sha256Hex(wrapped),
      shares: commitments,
    },
    { wrapped, privateKey: Secret.take(new Uint8Array(64).fill(1)) },
    { secret, entropy: entropy(seed + 100) },
  )
  const backup = {
    id: 'root-kek',
    set: toHex(set),
    identifier,
    t: 2,
    n: 3,
    medium: sha256Hex(medium),
    shares: shares.map(({ index }, at) => ({ index, name: `Custodian ${index}`, share: commitments[at] })),
  }
  return { backup, medium, words: shares.map(custodianWords) }
}

const [one, other] = [made(1), made(2)]
const predicateOf = (...backups: object[]) => ({ backups }) as unknown as Predicate

describe('a share and a medium against a bundle', () => {
  const within = predicateOf(one.backup)
  const ruled = (words: string | null, medium: Uint8Array | null = null, of = within) =>
    ruleOf(checkBackup(of, { words, medium }))

  test('are what was dealt and sealed, together or alone', () => {
    const found = accepted(checkBackup(within, { words: one.words[1]!, medium: one.medium }))
    expect(found).toMatchObject({ key: 'root-kek', share: { index: 2 }, medium: one.backup.medium })
    expect(accepted(checkBackup(within, { words: one.words[2]!, medium: null })).medium).toBeNull()
    expect(accepted(checkBackup(within, { words: null, medium: one.medium })).share).toBeNull()
  })

  test('BACKUP-SET-OTHER of another or a burnt set, and of a share and a medium of two', () => {
    expect(ruled(other.words[0]!)).toBe('BACKUP-SET-OTHER')
    expect(ruled(null, other.medium)).toBe('BACKUP-SET-OTHER')
    expect(ruled(one.words[0]!, other.medium, predicateOf(one.backup, other.backup))).toBe('BACKUP-SET-OTHER')
  })

  test('BACKUP-MEDIUM-OTHER, BACKUP-MEDIUM-LENGTH of one that was changed or cut', () => {
    const changed = one.medium.slice()
    changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1
    expect(ruled(null, changed)).toBe('BACKUP-MEDIUM-OTHER')
    expect(ruled(null, one.medium.slice(0, 40))).toBe('BACKUP-MEDIUM-LENGTH')
  })

  test('BACKUP-COMMITMENT, BACKUP-SHARE-OTHER of a share that the bundle does not commit to', () => {
    const [first, ...rest] = one.backup.shares
    const committed = predicateOf({ ...one.backup, shares: [{ ...first!, share: '6b'.repeat(32) }, ...rest] })
    expect(ruled(one.words[0]!, null, committed)).toBe('BACKUP-COMMITMENT')
    expect(ruled(one.words[0]!, null, predicateOf({ ...one.backup, shares: rest }))).toBe(
      'BACKUP-SHARE-OTHER',
    )
  })

  test('BACKUP-NONE where there is nothing to compare', () => {
    expect(ruled(one.words[0]!, null, predicateOf())).toBe('BACKUP-NONE')
    expect(ruled(null)).toBe('BACKUP-NONE')
  })
})
