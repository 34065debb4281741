import { createHash } from 'node:crypto'
import { Redis } from 'ioredis'
import { EnvironmentError } from '../refusal.ts'

/**
 * How often each name was counted by other replicas, as far as Redis has said. A hint: nothing waits for it, and without it every replica
 * counts alone.
 */
export type SharedCounts = {
  /** Whether Redis answers now. */
  readonly inUse: boolean
  /** Counts one here, and gives how many more the others counted since the name was counted last. */
  count(name: string): number
  close(): Promise<void>
}

/**
 * What the other replicas counted by Redis, which hears of the workers of this one too; while Redis does not answer, what those workers
 * counted. Null: there are neither.
 */
export function countsOf(
  shared: Pick<SharedCounts, 'inUse' | 'count'> | null,
  workers: Pick<SharedCounts, 'count'> | null,
): Pick<SharedCounts, 'count'> | null {
  if (shared === null || workers === null) return shared ?? workers
  return {
    count(name) {
      // Both, so that each goes on from where it is when it is asked again.
      const [far, near] = [shared.count(name), workers.count(name)]
      return shared.inUse ? far : near
    },
  }
}

/** `own`: what Redis knows of this replica’s, null until it was asked. */
type Counted = { own: number | null; pending: number; others: number; told: number; at: number }

/** How often what was counted is exchanged, and how long a name is remembered. */
const everyMs = 100
const livesMs = 10_000
const maxNames = 10_000

/** `url`: redis:// or rediss://. Throws ENVIRONMENT-VARIABLE where it is neither. */
export function openSharedCounts(url: string, deployment: string): SharedCounts {
  if (!/^rediss?:\/\/.|^\//.test(url))
    throw new EnvironmentError(
      'ENVIRONMENT-VARIABLE',
      'REDIS_URL: expected redis://, rediss:// or the path of a socket',
    )
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 1,
    commandTimeout: 200,
    connectTimeout: 2000,
    retryStrategy: (times) => Math.min(100 * times, 2000),
  })
  // Without a listener each would be written to standard error; `inUse` says that it is away.
  redis.on('error', () => undefined)
  const names = new Map<string, Counted>()
  let inUse = false

  async function exchange(): Promise<void> {
    const now = Date.now()
    for (const [name, { at }] of names) if (now - at > livesMs) names.delete(name)
    const asked = [...names].filter(([, { at, pending }]) => pending > 0 || now - at < 2 * everyMs)
    if (redis.status !== 'ready') {
      inUse = false
      // What was counted alone is told to nobody later.
      for (const [, one] of names) Object.assign(one, { own: null, pending: 0 })
      return
    }
    const work = redis.pipeline()
    const sent = asked.map(([name, one]) => {
      const { pending } = one
      one.pending = 0
      work.incrby(keyOf(name), pending).pexpire(keyOf(name), livesMs)
      return { one, pending }
    })
    if (asked.length === 0) work.ping()
    const replies = (await work.exec()) ?? []
    inUse = replies.length > 0 && replies.every(([error]) => error === null)
    for (const [index, { one, pending }] of sent.entries()) {
      const total = Number(replies[2 * index]?.[1])
      if (!Number.isSafeInteger(total)) continue
      const own = one.own === null ? null : one.own + pending
      // What the others counted before, or the counter began anew: from here on it is heard.
      if (own === null || total < own + one.others) {
        const others = total - pending
        Object.assign(one, { own: pending, others, told: others })
      } else Object.assign(one, { own, others: total - own })
    }
  }

  // An identity's id is nobody's business there.
  const keyOf = (name: string) =>
    `custody:${deployment}:calls:${createHash('sha256').update(name).digest('hex').slice(0, 32)}`

  let exchanging = false
  const timer = setInterval(() => {
    if (exchanging) return
    exchanging = true
    exchange()
      .catch(() => {
        inUse = false
      })
      .finally(() => {
        exchanging = false
      })
  }, everyMs)
  timer.unref()

  return {
    get inUse() {
      return inUse
    },
    count(name) {
      const known = names.get(name)
      const one = known ?? { own: null, pending: 0, others: 0, told: 0, at: 0 }
      if (known === undefined) {
        if (names.size >= maxNames) return 0
        names.set(name, one)
      }
      one.at = Date.now()
      one.pending++
      const more = Math.max(0, one.others - one.told)
      one.told = one.others
      return more
    },
    async close() {
      clearInterval(timer)
      redis.disconnect()
    },
  }
}
