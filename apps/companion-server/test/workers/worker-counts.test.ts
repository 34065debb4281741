import { expect, test, vi } from 'vitest'
import { openRateLimit } from '../../src/access/rate-limit.ts'
import { countsOf } from '../../src/platform/shared-counts.ts'
import type { Counts } from '../../src/workers/messages.ts'
import { openWorkerCounts } from '../../src/workers/worker-counts.ts'

test('WORKERS a limit of calls is the server’s and not each worker’s', async () => {
  vi.useFakeTimers()
  try {
    const told: Counts[] = []
    const one = openWorkerCounts((counts) => told.push(counts))
    const other = openWorkerCounts(() => undefined)
    const [here, there] = [one, other].map((counts) => openRateLimit(5, () => 0, counts))
    for (let at = 0; at < 4; at++) expect(here?.take('a')).toBe(true)
    vi.advanceTimersByTime(1000)
    // Once, since nothing was counted after it.
    expect(told).toEqual([[['a', 4]]])
    other.heard(told[0] ?? [])
    expect(there?.take('a')).toBe(true)
    expect(there?.take('a')).toBe(false)
    expect(there?.take('b')).toBe(true)
    await one.close()
    await other.close()
  } finally {
    vi.useRealTimers()
  }
})

test('WORKERS without an answer of Redis the workers of a server go on to count as one', () => {
  const shared = { inUse: true, count: () => 1 }
  const counts = countsOf(shared, { count: () => 3 })
  const limit = openRateLimit(10, () => 0, counts)
  // Of ten: one here and one elsewhere each time.
  expect(Array.from({ length: 6 }, () => limit.take('a'))).toEqual([...Array(5).fill(true), false])
  shared.inUse = false
  // Of ten: one here and three of the other workers.
  expect(Array.from({ length: 4 }, () => limit.take('b'))).toEqual([true, true, false, false])
  expect(countsOf(null, null)).toBe(null)
})
