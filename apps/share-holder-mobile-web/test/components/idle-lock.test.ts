import { expect, test, vi } from 'vitest'

// The hook's own imports start a worker, which is none of this test's business.
vi.mock('../../src/stores/phone.ts', () => ({ lock: () => undefined, usePhone: () => false }))
const { isIdle } = await import('../../src/components/idle-lock.ts')

const minute = 60_000

test('IDLE a phone that nobody touches locks after five minutes, and after one out of sight', () => {
  expect(isIdle({ still: 5 * minute - 1, hidden: 0, panel: false })).toBe(false)
  expect(isIdle({ still: 5 * minute, hidden: 0, panel: false })).toBe(true)
  expect(isIdle({ still: 0, hidden: minute - 1, panel: false })).toBe(false)
  expect(isIdle({ still: 0, hidden: minute, panel: false })).toBe(true)
})

test('IDLE codes that are shown or scanned keep it open in sight for a quarter of an hour, and not out of sight', () => {
  expect(isIdle({ still: 15 * minute - 1, hidden: 0, panel: true })).toBe(false)
  expect(isIdle({ still: 15 * minute, hidden: 0, panel: true })).toBe(true)
  expect(isIdle({ still: 0, hidden: minute, panel: true })).toBe(true)
})
