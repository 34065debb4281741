import { LRUCache } from 'lru-cache'

/** So many at once, and as many again a second later: a bucket for each name. */
export type RateLimit = { take(name: string): boolean }

export function openRateLimit(perSecond: number, now: () => number = Date.now): RateLimit {
  const buckets = new LRUCache<string, { left: number; at: number }>({ max: 100_000 })
  return {
    take(name) {
      const bucket = buckets.get(name) ?? { left: perSecond, at: now() }
      const left = Math.min(perSecond, bucket.left + ((now() - bucket.at) / 1000) * perSecond)
      const taken = left >= 1
      buckets.set(name, { left: taken ? left - 1 : left, at: now() })
      return taken
    },
  }
}
