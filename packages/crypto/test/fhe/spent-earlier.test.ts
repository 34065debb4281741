import { expect, test } from 'vitest'
import { CANARY_MOST_BLOCKS, spentEarlier } from '../../src/fhe/budgets/canary-bounds.ts'
import { carriedBudgets } from '../../src/fhe/budgets/carry-budget.ts'
import type { Budgets } from '../../src/fhe/files/share-file.ts'
import { blockBudget, safeFloodingBits } from '../../src/sharing/flooding.ts'

const quorum = { t: 2, n: 3 }
const largest = blockBudget(quorum, safeFloodingBits(quorum, 128))
const all = { at64: 0, at128: largest }
const small = { at64: 0, at128: 1024 }

/** What is reckoned as spent before a move on which the holders said that so much is left, under the cap of today. */
function reckoned(left: readonly (Budgets | null)[], today?: Budgets): number {
  const carried = carriedBudgets({ from: quorum, to: quorum, left, squash: true })
  const budgets = { at64: 0, at128: Math.min(carried.at128, today?.at128 ?? Number.POSITIVE_INFINITY) }
  // Of a verified share it reads quorum and budgets.
  const verified = { share: { header: quorum, budgets } } as unknown as Parameters<typeof spentEarlier>[0]
  return spentEarlier(verified, 128, today)
}

test('what earlier epochs spent is the canary alone where everybody said that all is left', () => {
  expect(reckoned([all, all, all])).toBe(CANARY_MOST_BLOCKS)
})

test.each([
  ['a holder was silent', [all, all, null], undefined],
  ['the cap was raised', [small, small, small], undefined],
])(
  'what earlier epochs spent is estimated too high where nothing else was spent and %s',
  (_, left, today) => {
    expect(reckoned(left, today)).toBeGreaterThan(largest / 3)
  },
)

test('what earlier epochs spent is estimated too low where the cap was lowered since', () => {
  const spent = 100_000
  const left = { at64: 0, at128: largest - spent }
  expect(reckoned([left, left, left])).toBe(spent + CANARY_MOST_BLOCKS)
  expect(reckoned([left, left, left], small)).toBe(0)
})
