import { expect, test } from 'vitest'
import { acceptable } from '../licences/verdict.ts'

test('LICENCE a permissive one is accepted, GPL alone and the unknown are refused', () => {
  expect(acceptable('MIT', 'runtime')).toBe(true)
  expect(acceptable('GPL-3.0-only', 'runtime')).toBe(false)
  expect(acceptable('GPL-3.0-only', 'development')).toBe(false)
  expect(acceptable('UNKNOWN', 'development')).toBe(false)
})

test('LICENCE a choice needs one good side, a sum needs both', () => {
  expect(acceptable('(MIT OR GPL-3.0-or-later)', 'runtime')).toBe(true)
  expect(acceptable('(MIT AND GPL-3.0-or-later)', 'runtime')).toBe(false)
  expect(acceptable('MPL-2.0', 'runtime')).toBe(false)
  expect(acceptable('MPL-2.0', 'development')).toBe(true)
})
