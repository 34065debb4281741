import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Line, line, print, sortLines } from '../src/told.ts'

test('READ-BEFORE who asks, what and why stand first, and until when stands where the yes is', () => {
  const lines = [
    print('proved', 'key', 'aa'),
    line('proved', 'expires', '2026-02-01T10:20:30.000Z'),
    line('proved', 'approved by', 'Grace'),
    line('proved', 'requester', 'Jan'),
    line('claimed', 'purpose', 'for the board'),
    line('claimed', 'what', 'a sum'),
    // Whose word it is decides, not what it is called.
    line('claimed', 'expires', 'never'),
  ]
  const { proved, claimed, decide, prints } = sortLines(lines)
  expect(proved.map(({ name }) => name)).toEqual(['requester', 'approved by'])
  expect(prints.map(({ name }) => name)).toEqual(['key'])
  expect(claimed.map(({ value }) => value)).toEqual(['a sum', 'for the board', 'never'])
  expect(decide.map(({ value }) => value)).toEqual(['2026-02-01T10:20:30.000Z'])
})

test('READ-BEFORE no line is lost or shown twice, and no claim stands with what is proved', () => {
  const name = fc.oneof(fc.constantFrom('requester', 'expires', 'until', 'what', 'key'), fc.string())
  const lines = fc.array(
    fc.record(
      {
        whose: fc.constantFrom('proved', 'claimed', 'unchecked'),
        name,
        value: fc.string(),
        print: fc.constant(true as const),
      },
      { requiredKeys: ['whose', 'name', 'value'] },
    ),
  )
  fc.assert(
    fc.property(lines, (given: Line[]) => {
      const { proved, claimed, decide, prints } = sortLines(given)
      const all = [...proved, ...claimed, ...decide, ...prints]
      expect(new Set(all)).toEqual(new Set(given))
      expect(all.length).toBe(given.length)
      expect(new Set([...proved, ...decide, ...prints].map(({ whose }) => whose)).has('claimed')).toBe(false)
      expect(claimed.every(({ whose }) => whose !== 'proved')).toBe(true)
    }),
  )
})
