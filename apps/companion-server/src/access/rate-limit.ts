import { LRUCache } from 'lru-cache'
import type { SharedCounts } from '../platform/shared-counts.ts'

/** So many at once, and as many again a second later: a bucket for each name. */
export type RateLimit = { take(name: string): boolean }

/** `shared`: what other replicas took of the same bucket. */
export function openRateLimit(
  perSecond: number,
  now: () => number = Date.now,
  shared: Pick<SharedCounts, 'count'> | null = null,
): RateLimit {
  const buckets = new LRUCache<string, { left: number; at: number }>({ max: 100_000 })
  return {
    take(name) {
      const at = now()
      const known = buckets.get(name)
      const bucket = known ?? { left: perSecond, at }
      // A clock that was set back has not emptied it.
      const passed = Math.max(0, at - bucket.at)
      const filled = Math.min(perSecond, bucket.left + (passed / 1000) * perSecond)
      const left = Math.max(0, filled - (shared?.count(name) ?? 0))
      const taken = left >= 1
      bucket.left = taken ? left - 1 : left
      bucket.at = at
      if (known === undefined) buckets.set(name, bucket)
      return taken
    },
  }
}
