import { describe, expect, test } from 'vitest'
import {
  type Budgets,
  carriedBudgets,
  dealFheKey,
  fhePartialDecrypt,
  fheThresholdDecrypt,
  parsePublic,
  rotateFheKey,
} from '../../src/fhe/index.ts'
import { bare, clientKey, deal, file, opened, requestDigest } from './api-bench.ts'
import { dealt, entropyOf, realClientKey, rosterOf } from './fixture.ts'

describe('rotating', () => {
  test('a refresh that carries the budget on does not raise the bits that are left for life', () => {
    const spent = { at64: 0, at128: 2 ** 20 }
    const before = opened(fhePartialDecrypt(bare(1, { spent }))).lifeBits
    const refreshed = opened(
      rotateFheKey({
        pub: deal.pub,
        shares: [deal.shares[0]!, deal.shares[1]!],
        to: { t: 2, n: 3 },
        roster: rosterOf(3),
        planHash: new Uint8Array(32),
        policyHash: new Uint8Array(32),
        budgets: { at64: 0, at128: 2 ** 30 - 2 ** 20 },
        entropy: entropyOf(55),
      }),
    )
    const next = bare(1, { share: refreshed.shares[0]!, pub: refreshed.pub })
    expect(opened(fhePartialDecrypt(next)).lifeBits).toBe(before)
    expect(before).toBeLessThan(30.01)
    expect(fhePartialDecrypt({ ...next, floors: { block: 40, life: 31 } })).toMatchObject({
      rule: 'FHE-POLICY-FLOOR',
    })
  })

  test('FHE-POLICY-FLOOR what the policy never allowed is not reckoned as spent after a move', () => {
    const cap = { at64: 2 ** 20, at128: 2 ** 20 }
    const quorum = { t: 2, n: 3 }
    const left = [1, 2, 3].map(() => ({ at64: 0, at128: cap.at128 }))
    const moved = opened(
      rotateFheKey({
        pub: deal.pub,
        shares: deal.shares.slice(0, 2),
        to: quorum,
        roster: rosterOf(3),
        planHash: new Uint8Array(32),
        policyHash: new Uint8Array(32),
        budgets: carriedBudgets({ from: quorum, to: quorum, left, squash: true }),
        entropy: entropyOf(59),
      }),
    )
    const next = bare(1, { share: moved.shares[0]!, pub: moved.pub })
    const floors = { block: 40, life: 30 }
    expect(fhePartialDecrypt({ ...next, floors })).toMatchObject({ rule: 'FHE-POLICY-FLOOR' })
    const { lifeBits, spends } = opened(fhePartialDecrypt({ ...next, floors, allowed: cap }))
    // The canary's 256 blocks and what is answered now, by the two honest holders.
    expect(lifeBits).toBeCloseTo(51 - Math.log2((256 + spends) * 2), 6)
  })

  test('FHE-BUDGET-NONE, FHE-FLOOD-FLOOR no epoch begins whose shares could answer nothing in the key’s mode', () => {
    const plain = realClientKey().bytes
    const fresh = dealt(plain, 2, 3, 'F', false)
    const next = (of: typeof deal, to: { t: number; n: number }, budgets: Budgets) =>
      rotateFheKey({
        pub: of.pub,
        shares: of.shares.slice(0, 2),
        to,
        roster: rosterOf(to.n),
        planHash: new Uint8Array(32),
        policyHash: new Uint8Array(32),
        budgets,
        entropy: entropyOf(58),
      })
    const quorum = { t: 2, n: 3 }
    expect(next(deal, quorum, { at64: 0, at128: 0 })).toMatchObject({ rule: 'FHE-BUDGET-NONE' })
    expect(next(fresh, quorum, { at64: 0, at128: 0 })).toMatchObject({ rule: 'FHE-BUDGET-NONE' })
    expect(next(fresh, { t: 8, n: 15 }, { at64: 0, at128: 0 })).toMatchObject({ rule: 'FHE-FLOOD-FLOOR' })
    // A key that answered fresh blocks is not left with squashed ones alone.
    const both = dealt(clientKey, 2, 3, 'F', true)
    expect(next(both, quorum, { at64: 0, at128: 1000 })).toMatchObject({ rule: 'FHE-BUDGET-NONE' })
    expect(next(both, quorum, { at64: 1, at128: 1000 })).toMatchObject({ ok: true })
  })

  test.each([
    ['nobody', []],
    ['one share alone', [1]],
    ['the same share twice', [1, 1]],
    ['a share too many', [1, 2, 3]],
  ])('FHE-DEALERS %s is refused as that, whatever is left of the key’s life', (_, holders) => {
    for (const at128 of [0, 1000]) {
      const rotated = rotateFheKey({
        pub: deal.pub,
        shares: holders.map((holder) => deal.shares[holder - 1]!),
        to: { t: 2, n: 3 },
        roster: rosterOf(3),
        planHash: new Uint8Array(32),
        policyHash: new Uint8Array(32),
        budgets: { at64: 0, at128 },
        entropy: entropyOf(60),
      })
      expect(rotated).toMatchObject({ ok: false, rule: 'FHE-DEALERS' })
    }
  })

  test('FHE-ROSTER the next epoch of a production key names its holders and their cards, as the first did', () => {
    const named = rosterOf(3).map(({ index }) => ({ index, name: `H${index}`, card: `${index}`.repeat(64) }))
    const made = opened(
      dealFheKey({
        clientKey,
        publicKeys: { compactPublicKey: requestDigest, serverKey: requestDigest },
        t: 2,
        n: 3,
        domain: 'production',
        roster: named,
        policyHash: requestDigest,
        budgets: { at64: 0, at128: 1000 },
        entropy: entropyOf(56),
      }),
    )
    const next = (roster: typeof named) =>
      rotateFheKey({
        pub: made.pub,
        shares: made.shares.slice(1),
        to: { t: 2, n: 3 },
        roster,
        planHash: requestDigest,
        policyHash: requestDigest,
        budgets: { at64: 0, at128: 1000 },
        entropy: entropyOf(57),
      })
    const without = (change: { name?: ''; card?: '' }) =>
      named.map((entry) => (entry.index === 2 ? { ...entry, ...change } : entry))
    for (const roster of [rosterOf(3), without({ name: '' }), without({ card: '' })])
      expect(next(roster)).toMatchObject({ ok: false, rule: 'FHE-ROSTER' })
    expect(next(without({ card: '' }))).toMatchObject({ detail: 'holder 2 has no name or card' })
    expect(parsePublic(opened(next(named)).pub).header).toMatchObject({ domain: 'production', epoch: 1 })
  })

  test('gives new people the same key, and old and new answers do not mix', () => {
    const rotated = opened(
      rotateFheKey({
        pub: deal.pub,
        shares: [deal.shares[2]!, deal.shares[0]!],
        to: { t: 3, n: 4 },
        roster: rosterOf(4),
        planHash: new Uint8Array(32),
        policyHash: new Uint8Array(32),
        budgets: { at64: 0, at128: 1000 },
        entropy: entropyOf(51),
      }),
    )
    const partials = [4, 2, 1].map(
      (h) => opened(fhePartialDecrypt(bare(1, { share: rotated.shares[h - 1]!, pub: rotated.pub }))).partial,
    )
    expect(fheThresholdDecrypt({ pub: rotated.pub, ciphertexts: [file], partials })).toMatchObject({
      ok: true,
      value: { values: [-77n] },
    })
    const old = opened(fhePartialDecrypt(bare(2))).partial
    expect(
      fheThresholdDecrypt({ pub: rotated.pub, ciphertexts: [file], partials: [...partials, old] }),
    ).toMatchObject({ ok: false, rule: 'FHE-PARTIALS-MIXED' })
  })
})
