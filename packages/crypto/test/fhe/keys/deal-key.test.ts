import { describe, expect, test } from 'vitest'
import {
  type DealRequest,
  dealFheKey,
  encodePublic,
  encodeShare,
  parsePublic,
  parseShare,
  rosterDigest,
  verifyShare,
} from '../../../src/fhe/index.ts'
import { FormatError } from '../../../src/format-error.ts'
import { toHex } from '../../../src/hex.ts'
import { budgetOf } from '../../../src/sharing/flooding.ts'
import { dealt, entropyOf, realClientKey, rosterOf, withSquashKey } from '../fixture.ts'

const clientKey = withSquashKey(realClientKey().bytes)
const base: DealRequest = {
  clientKey,
  publicKeys: { compactPublicKey: null, serverKey: null },
  t: 2,
  n: 3,
  domain: 'rehearsal',
  roster: rosterOf(3),
  policyHash: new Uint8Array(32),
  budgets: { at64: 0, at128: 1000 },
  entropy: entropyOf(1),
}
const named = rosterOf(3).map((entry) => ({
  ...entry,
  name: `H${entry.index}`,
  card: String(entry.index).repeat(64),
}))

describe('dealing is refused by name', () => {
  test.each<[string, Partial<DealRequest>]>([
    ['FHE-QUORUM-OVER', { t: 4 }],
    ['FHE-QUORUM-SMALL', { t: 1 }],
    ['FHE-HOLDERS-MANY', { n: 16 }],
    ['FHE-ROSTER', { n: 4 }],
    ['FHE-ROSTER', { roster: [...rosterOf(3)].reverse() }],
    ['FHE-ROSTER', { domain: 'production' }],
    ['FHE-ROSTER', { domain: 'production', roster: named.map((entry) => ({ ...entry, name: '' })) }],
    ['FHE-ROSTER', { domain: 'production', roster: named.map((entry) => ({ ...entry, card: '' })) }],
    ['FHE-HOLDER-DUPLICATE', { roster: named.map((entry) => ({ ...entry, name: 'Ann' })) }],
    ['FHE-HOLDER-DUPLICATE', { roster: named.map((entry) => ({ ...entry, card: 'aa' })) }],
    ['FHE-PUBLIC-KEYS', { domain: 'production', roster: named }],
    ['FHE-BUDGET', { budgets: { at64: 0, at128: 0xffff_ffff } }],
    ['FHE-ENTROPY', { entropy: { bytes: (n) => new Uint8Array(n) } }],
    ['FHE-TRUNCATED', { clientKey: clientKey.subarray(0, 50_000) }],
    ['FHE-TYPE', { clientKey: new Uint8Array(31_458) }],
  ])('%s', (rule, change) => {
    expect(dealFheKey({ ...base, ...change })).toMatchObject({ ok: false, rule })
  })

  test('FHE-FLOOD-FLOOR a budget for fresh ciphertexts at (3,5)', () => {
    const change = { t: 3, n: 5, roster: rosterOf(5), budgets: { at64: 1, at128: 0 } }
    expect(dealFheKey({ ...base, ...change })).toMatchObject({ rule: 'FHE-FLOOD-FLOOR' })
    // 39.99 bits, which once read as 40.0 of at least 40.
    expect(budgetOf({ t: 2, n: 4 }, 64)).toMatchObject({
      rule: 'FHE-FLOOD-FLOOR',
      detail: '39 flooding bits at (2,4) and 64 bits, 1 fewer than the least, 40',
    })
  })

  test('FHE-BUDGET squashed blocks without a squash key', () => {
    const plain = realClientKey().bytes
    expect(dealFheKey({ ...base, clientKey: plain })).toMatchObject({ rule: 'FHE-BUDGET' })
  })
})

describe.each([
  [2, 3, 64, 2],
  [3, 5, 192, 6],
  [5, 9, 2240, 70],
])('at (%i,%i)', (t, n, secretBytes, sets) => {
  const deal = dealt(clientKey, t, n, 'S', true)

  test(`a holder keeps ${secretBytes} secret bytes, and every share verifies`, () => {
    for (const [i, bytes] of deal.shares.entries()) {
      expect(bytes.length).toBe(83 + 32 + 8 + 2 + secretBytes + 32)
      const result = verifyShare(bytes, deal.pub, {
        holder: i + 1,
        policyHash: new Uint8Array(32),
        roster: rosterOf(n),
      })
      expect(result.ok).toBe(true)
      expect(parseShare(bytes).seeds.length).toBe(sets)
    }
  })

  test('shares and public file encode to what they were parsed from', () => {
    for (const bytes of deal.shares) expect(encodeShare(parseShare(bytes))).toEqual(bytes)
    expect(encodePublic(parsePublic(deal.pub))).toEqual(deal.pub)
    expect(toHex(parsePublic(deal.pub).header.epochId)).toBe(toHex(deal.epochId))
  })
})

describe('hostile shares', () => {
  const deal = dealt(clientKey, 2, 3, 'S', true)
  const [share] = deal.shares as [Uint8Array]

  test('any changed byte of a share is refused', () => {
    for (let at = 0; at < share.length; at++) {
      const changed = share.slice()
      changed[at]! ^= 0x10
      expect(verifyShare(changed, deal.pub), `byte ${at}`).toMatchObject({ ok: false })
    }
  })

  test('any changed byte of the public file is refused', () => {
    for (let at = 0; at < deal.pub.length; at += 977) {
      const changed = deal.pub.slice()
      changed[at]! ^= 1
      expect(verifyShare(share, changed), `byte ${at}`).toMatchObject({ ok: false })
    }
  })

  test('any cut and any addition is refused', () => {
    for (let length = 0; length < share.length; length++) {
      expect(() => parseShare(share.subarray(0, length))).toThrow(FormatError)
    }
    const longer = (bytes: Uint8Array) => Uint8Array.from([...bytes, 0])
    expect(() => parseShare(longer(share))).toThrow('FHE-TRAILING')
    expect(() => parsePublic(longer(deal.pub))).toThrow('FHE-LENGTH')
  })

  test('FHE-SEED-COMMITMENT a seed of another dealing, re-hashed, is refused', () => {
    const parsed = parseShare(share)
    const seeds = parsed.seeds.map((set, i) =>
      i === 1 ? { ...set, seeds: [new Uint8Array(32).fill(7)] } : set,
    )
    expect(verifyShare(encodeShare({ ...parsed, seeds }), deal.pub)).toMatchObject({
      rule: 'FHE-SEED-COMMITMENT',
    })
  })

  test('FHE-BUDGET a raised budget, re-hashed, is refused', () => {
    const parsed = parseShare(share)
    const raised = encodeShare({ ...parsed, budgets: { at64: 0xffff_ffff, at128: 0 } })
    expect(verifyShare(raised, deal.pub)).toMatchObject({ rule: 'FHE-BUDGET' })
  })

  test('FHE-FLOOD-FLOOR a budget at a quorum whose noise hides no such block, re-hashed, is refused', () => {
    const wide = dealt(clientKey, 3, 5, 'S', true)
    const parsed = parseShare(wide.shares[0]!)
    const raised = encodeShare({ ...parsed, budgets: { ...parsed.budgets, at64: 1 } })
    expect(verifyShare(raised, wide.pub)).toMatchObject({ rule: 'FHE-FLOOD-FLOOR' })
  })

  test('FHE-HOLDER-OTHER, FHE-POLICY-OTHER, FHE-ROSTER-OTHER and FHE-BUDGET-OTHER name what was expected', () => {
    const { budgets } = parseShare(share)
    expect(verifyShare(share, deal.pub, { budgets }).ok).toBe(true)
    const less = { ...budgets, at128: budgets.at128 - 1 }
    expect(verifyShare(share, deal.pub, { budgets: less })).toMatchObject({ rule: 'FHE-BUDGET-OTHER' })
    expect(verifyShare(share, deal.pub, { holder: 2 })).toMatchObject({ rule: 'FHE-HOLDER-OTHER' })
    const policyHash = new Uint8Array(32).fill(1)
    expect(verifyShare(share, deal.pub, { policyHash })).toMatchObject({ rule: 'FHE-POLICY-OTHER' })
    expect(verifyShare(share, deal.pub, { roster: named })).toMatchObject({ rule: 'FHE-ROSTER-OTHER' })
    expect(toHex(rosterDigest(named))).not.toBe(toHex(rosterDigest(rosterOf(3))))
  })
})
