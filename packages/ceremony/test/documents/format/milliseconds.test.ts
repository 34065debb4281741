import { expect, test } from 'vitest'
import { millisecondsOf } from '../../../src/documents/format/milliseconds.ts'

test.each([
  ['1970-01-01T00:00:00.000Z', 0],
  ['1969-12-31T23:59:59.999Z', -1],
  ['2000-02-29T00:00:00.000Z', 951_782_400_000],
  ['2000-03-01T00:00:00.000Z', 951_868_800_000],
  ['2100-03-01T00:00:00.000Z', 4_107_542_400_000],
  ['2026-01-31T09:30Z', 1_769_851_800_000],
  ['2026-01-31T09:30:01.5Z', 1_769_851_801_500],
])('%s is %d ms since 1970', (time, milliseconds) => {
  expect(millisecondsOf(time)).toBe(milliseconds)
})

test('every day from 1896 to 2104 is the one that the platform has', () => {
  const day = 86_400_000
  for (let at = Date.UTC(1896, 0, 1); at < Date.UTC(2104, 11, 31); at += day) {
    const time = new Date(at).toISOString()
    if (millisecondsOf(time) !== at) expect.fail(time)
  }
})

test.each(['', 'noon', '2026-01-31', '2026-01-31T24:00Z', '2026-13-01T00:00Z', '2026-01-31T09:30:00+01:00'])(
  '%s is no time',
  (text) => {
    expect(millisecondsOf(text)).toBeNaN()
  },
)
