import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  blockBitsOf,
  CANARY_MOST_BLOCKS,
  canaryCost,
  carriedBudgets,
  checkCarried,
  largestBudgets,
  triedCanaryCost,
} from '../../../src/fhe/index.ts'
import type { Quorum } from '../../../src/sharing/index.ts'
import { budgetsOf } from '../epochs.ts'

describe('carrying a budget', () => {
  const full = budgetsOf({ t: 2, n: 3 }).at128

  test('unspent, it stays what it was less a canary; spent by one, all share the loss', () => {
    const left = (...blocks: (number | null)[]) =>
      blocks.map((at128) => (at128 === null ? null : { at64: 0, at128 }))
    const from = { t: 2, n: 3 }
    const carry = (...blocks: (number | null)[]) =>
      carriedBudgets({ from, to: from, left: left(...blocks), squash: true }).at128
    expect(carry(full, full, full)).toBe(full - CANARY_MOST_BLOCKS)
    expect(carry(full, 0, full)).toBe(Math.floor(full / 2) - CANARY_MOST_BLOCKS)
    expect(carry(full, null, full)).toBe(Math.floor(full / 2) - CANARY_MOST_BLOCKS)
    expect(carry(200, 200, 200)).toBe(0)
    expect(carry(0, 0, full)).toBe(0)
  })

  test('fresh, a canary is of the compact public key: each of its blocks costs as much as 256 that a budget counts', () => {
    const quorum = { t: 2, n: 3 }
    const largest = largestBudgets(quorum, { mode: 'F', squash: false })
    if (!largest.ok) throw new Error(largest.detail)
    const { at64 } = largest.value
    const carry = (blocks: number) =>
      carriedBudgets({
        from: quorum,
        to: quorum,
        left: [1, 2, 3].map(() => ({ at64: blocks, at128: 0 })),
        squash: false,
      }).at64
    expect(canaryCost(quorum, 64, 128)).toBe(32_768)
    expect(carry(at64)).toBe(at64 - 65_536)
    expect(carry(65_536)).toBe(0)
    // A life of refreshes alone: what the canaries cost at their own noise is within the 2^-20 of the key.
    let left = at64
    let life = 0
    while (left > 0) {
      left = carry(left)
      life += (CANARY_MOST_BLOCKS * 2) / 2 ** blockBitsOf(quorum, 'public-key')
    }
    expect(life).toBeLessThanOrEqual(2 ** -20)
  })

  test('a canary of an epoch that never went live costs the old holders what it would have cost the new ones', () => {
    const from = { t: 2, n: 3 }
    expect(triedCanaryCost(from, from, 64)).toBe(65_536)
    expect(triedCanaryCost(from, { t: 3, n: 5 }, 128)).toBe(256 * 4 * 1.5)
    const carry = (to: Quorum, tried: number, left: number) => {
      const all = [1, 2, 3].map(() => ({ at64: 0, at128: left - tried }))
      return carriedBudgets({ from, to, left: all, squash: true }).at128
    }
    const to = { t: 3, n: 5 }
    const once = carry(to, 0, 1_000_000)
    expect(carry(to, triedCanaryCost(from, to, 128), 1_000_000)).toBe(once - CANARY_MOST_BLOCKS)
  })

  test('ten reshares, each with the largest canary, spend no more than the one life of the key', () => {
    let life = 0
    let quorum: Quorum = { t: 2, n: 3 }
    let left = budgetsOf(quorum).at128
    const bits = (q: Quorum) => (q.t === 2 ? 51 : 49)
    for (let epoch = 0; epoch < 10; epoch++) {
      const spent = Math.floor(left / 3)
      life += (spent * (quorum.n - quorum.t + 1)) / 2 ** bits(quorum)
      const to = quorum.t === 2 ? { t: 3, n: 5 } : { t: 2, n: 3 }
      const all = Array.from({ length: quorum.n }, () => ({ at64: 0, at128: left - spent }))
      left = carriedBudgets({ from: quorum, to, left: all, squash: true }).at128
      quorum = to
      life += (CANARY_MOST_BLOCKS * (quorum.n - quorum.t + 1)) / 2 ** bits(quorum)
    }
    life += (left * (quorum.n - quorum.t + 1)) / 2 ** bits(quorum)
    expect(life).toBeLessThanOrEqual(2 ** -20)
    expect(left).toBeGreaterThan(0)
  })

  test('where a width is below the floor nothing is carried', () => {
    const left = Array.from({ length: 3 }, () => ({ at64: 9, at128: 9 }))
    const carried = carriedBudgets({ from: { t: 2, n: 3 }, to: { t: 3, n: 5 }, left, squash: false })
    expect(carried).toEqual({ at64: 0, at128: 0 })
  })

  const page = readFileSync(new URL('../../../../../docs/THRESHOLD-FHE.md', import.meta.url), 'utf8')
  const rows = [
    ...page.matchAll(/^\| (\d+),(\d+) \| ([SF]) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$/gm),
  ].map((row) => ({ mode: row[3] as 'S' | 'F', figures: row.map(Number) }))

  test('the table of moves has a row of mode F and each quorum of mode S', () => {
    expect(rows.map(({ mode, figures }) => `${mode} ${figures[1]} ${figures[2]}`)).toEqual([
      'F 2 3',
      'S 2 3',
      'S 3 5',
      'S 5 9',
      'S 7 13',
      'S 8 15',
    ])
  })

  test.each(rows)('FHE-BUDGET-NONE the table of moves: $figures in mode $mode', ({ mode, figures }) => {
    const [, t = 0, n = 0, , first, all, allMoves, some, someMoves] = figures
    const quorum = { t, n }
    const squash = mode === 'S'
    const largest = largestBudgets(quorum, { mode, squash })
    if (!largest.ok) throw new Error(largest.detail)
    const width = squash ? 'at128' : 'at64'
    expect(largest.value[width]).toBe(first)
    const moved = (blocks: number, speaking: number) => {
      const left = Array.from({ length: n }, (_, i) =>
        i < speaking ? { at64: 0, at128: 0, [width]: blocks } : null,
      )
      return carriedBudgets({ from: quorum, to: quorum, left, squash })
    }
    const movesOf = (blocks: number, speaking: number): number => {
      const next = moved(blocks, speaking)
      return checkCarried(quorum, next, mode).ok ? 1 + movesOf(next[width], speaking) : 0
    }
    expect(moved(first ?? 0, n)[width]).toBe(all)
    expect(moved(first ?? 0, t)[width]).toBe(some)
    expect(movesOf(first ?? 0, t)).toBe(someMoves)
    // Where all speak each move costs one canary, so that the last ones are like the first.
    const canary = canaryCost(quorum, squash ? 128 : 64)
    const before = Math.floor(((first ?? 0) - 1) / canary)
    expect(movesOf((first ?? 0) - (before - 2) * canary, n)).toBe(2)
    expect(before).toBe(allMoves)
  })
})
