import { expect, test } from 'vitest'
import { openRateLimit } from '../../src/access/rate-limit.ts'

test('RATE-LIMITED a bucket has a second’s worth, fills again, and is poorer by what other replicas took', () => {
  let now = 0
  let others = 0
  const shared = {
    count() {
      const more = others
      others = 0
      return more
    },
  }
  const limit = openRateLimit(10, () => now, shared)
  const taken = (tries: number) =>
    Array.from({ length: tries }, () => limit.take('one')).filter((one) => one).length
  expect(taken(20)).toBe(10)
  now = 500
  expect(taken(20)).toBe(5)
  now = 1500
  others = 8
  expect(taken(20)).toBe(2)
  // More than there is leaves no debt.
  now = 2500
  others = 1000
  expect(taken(20)).toBe(0)
  now = 3500
  expect(taken(20)).toBe(10)
})
