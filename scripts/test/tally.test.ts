import { expect, test } from 'vitest'
import { summary, tallyOf } from './tally.ts'

const passing = { file: 'a.test.ts', seconds: 1, passed: 3, skipped: 1, failures: [] }
const failed = { ...passing, passed: 0, skipped: 0, failures: [{ name: '', why: 'did not load' }] }

test('a good run counts as its report says', () => {
  expect(tallyOf([passing, passing], 0)).toEqual({ passed: 6, failed: 0, skipped: 2 })
})

test('a run without a report, or of no test, has failed', () => {
  expect(tallyOf([], 0).failed).toBe(1)
  expect(tallyOf([{ ...passing, passed: 0 }], 0).failed).toBe(1)
})

test('a run that ended badly has failed even if every test passed, and what had passed is counted', () => {
  expect(tallyOf([passing], 1)).toEqual({ passed: 3, failed: 1, skipped: 1 })
  expect(tallyOf([passing], null)).toEqual({ passed: 3, failed: 1, skipped: 1 })
})

test('a file that did not load counts once', () => {
  expect(tallyOf([passing, failed], 1)).toEqual({ passed: 3, failed: 1, skipped: 1 })
})

test('the last line has one form', () => {
  expect(summary({ passed: 2, failed: 0, skipped: 0 })).toBe('2 passed, 0 failed')
  expect(summary({ passed: 2, failed: 1, skipped: 4 })).toBe('2 passed, 1 failed, 4 skipped')
})
