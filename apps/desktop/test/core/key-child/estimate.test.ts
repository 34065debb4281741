import { expect, test } from 'vitest'
import { createEstimate } from '../../../src/core/key-child/estimate.ts'

test('the estimate grows within a phase, waits at its end, and is never at the whole', () => {
  let now = 0
  const estimate = createEstimate(10, () => now)
  expect(estimate.fraction()).toBe(0)
  estimate.begin(2)
  now = 1000
  expect(estimate.fraction()).toBe(0.1)
  now = 9000
  expect(estimate.fraction()).toBe(0.2)
  estimate.begin(8)
  expect(estimate.fraction()).toBe(0.2)
  now = 99_000
  expect(estimate.fraction()).toBe(0.99)
})
