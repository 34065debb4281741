import type { SharedCounts } from '../platform/shared-counts.ts'
import type { Counts } from './messages.ts'

const everyMs = 100
const maxNames = 10_000

/** What the workers of one server count, told to each other by the main process: a limit is the server's, not a worker's. */
export function openWorkerCounts(
  tell: (counts: Counts) => void,
): Omit<SharedCounts, 'inUse'> & { heard(counts: Counts): void } {
  const own = new Map<string, number>()
  const others = new Map<string, number>()
  const timer = setInterval(() => {
    if (own.size > 0) tell([...own])
    own.clear()
  }, everyMs)
  timer.unref()
  const add = (to: Map<string, number>, name: string, count: number) => {
    if (to.has(name) || to.size < maxNames) to.set(name, (to.get(name) ?? 0) + count)
  }
  return {
    count(name) {
      add(own, name, 1)
      const more = others.get(name) ?? 0
      others.delete(name)
      return more
    },
    heard(counts) {
      for (const [name, count] of counts) add(others, name, count)
    },
    async close() {
      clearInterval(timer)
    },
  }
}
