import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { largestBudgets } from '../../src/fhe/index.ts'

const guide = readFileSync(new URL('../../../../docs/guide/threshold-fhe.md', import.meta.url), 'utf8')
const spaced = (count: number) => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ' ')

test.each([
  [2, 3, 'S', 'at128'],
  [3, 5, 'S', 'at128'],
  [5, 9, 'S', 'at128'],
  [7, 13, 'S', 'at128'],
  [2, 3, 'F', 'at64'],
] as const)(
  'the guide’s figure of blocks at %i of %i in mode %s is what a share is dealt at most',
  (t, n, mode, width) => {
    const budgets = largestBudgets({ t, n }, { mode, squash: mode === 'S' })
    if (!budgets.ok) throw new Error(budgets.detail)
    expect(guide).toContain(spaced(budgets.value[width]))
  },
)
