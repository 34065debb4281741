import { expect, test } from 'vitest'
import { selfTest } from '../src/index.ts'

test('every primitive gives its known answer', () => {
  const results = selfTest()
  expect(results.filter(({ ok }) => !ok)).toEqual([])
  expect(results.length).toBe(15)
})
