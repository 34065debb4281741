import { expect, test, vi } from 'vitest'
import { openRateLimit } from '../../src/access/rate-limit.ts'
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
