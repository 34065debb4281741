import { expect, test } from 'vitest'
import { readMoment } from '../../../../src/core/services/ceremonies/ceremonies.ts'

const now = '2026-11-29T10:00:00.000Z'

test('another clock is compared with the moment when it was read, and with no other that a window names', () => {
  const read = '2026-11-29T09:58:30.000Z'
  expect(readMoment(read, now)).toBe(read)
  for (const other of [undefined, '2026-11-29T10:00:01.000Z', '2026-11-29T09:57:59.999Z', 'noon'])
    expect(readMoment(other, now)).toBe(now)
})
