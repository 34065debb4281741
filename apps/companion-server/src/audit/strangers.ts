import { LRUCache } from 'lru-cache'
import type { Caller, CameBy } from '../access/authorize.ts'
import { networkOf } from '../access/lockout.ts'
import type { Outcome } from '../refusal.ts'
import type { Call } from './record.ts'
import { type AuditWriter, ownEntry } from './writer.ts'

/** What somebody asks for who is nobody yet: to log in, to enrol, to set up. */
export type Attempt = Pick<Call, 'door' | 'reqId'> & { readonly source: string }

/** The call of who has just become known by an attempt. */
export const knownBy = (
  { door, reqId, source }: Attempt,
  identity: string,
  by: CameBy,
  { grants = [], time = new Date() }: { grants?: Caller['grants']; time?: Date } = {},
): Call => ({
  caller: { identity, grants, by, circumstances: { time, source } },
  ...{ door, reqId, receipt: null },
})

export type Strangers = {
  /** Counts an attempt as failed, once, whoever says so. */
  failed(attempt: Pick<Attempt, 'reqId' | 'source'>): void
  /** The same outcome, counted where it is a refusal. */
  counted<T>(attempt: Attempt, outcome: Outcome<T>): Outcome<T>
  /** Hears of a failure whose entry could not be written. */
  unentered(error: unknown): void
  /** Writes what is counted. */
  close(): Promise<void>
}

const maxSources = 1000

/**
 * Failures of unknown callers, by whatever door, are counted per source and written once a second, so that strangers cannot make
 * the log grow. `lost`: hears of a count that could not be written.
 */
export function openStrangers(
  audit: AuditWriter,
  now: () => Date,
  lost: (error: unknown) => void,
): Strangers {
  const bySource = new Map<string, number>()
  // An operation says so first, and the reply that it leads to again.
  const known = new LRUCache<string, true>({ max: 10_000 })
  const counter = setInterval(() => void write(), 1000)
  counter.unref()

  async function write(): Promise<void> {
    if (bySource.size === 0) return
    const counts = JSON.stringify(Object.fromEntries(bySource))
    bySource.clear()
    await audit.append(ownEntry('unauthenticated.failures', now(), counts)).catch(lost)
  }

  function failed({ source: address, reqId }: Pick<Attempt, 'reqId' | 'source'>): void {
    if (known.has(reqId)) return
    known.set(reqId, true)
    const source = networkOf(address)
    if (bySource.size < maxSources || bySource.has(source))
      bySource.set(source, (bySource.get(source) ?? 0) + 1)
  }

  return {
    failed,
    unentered: lost,
    counted(attempt, outcome) {
      if (!outcome.ok) failed(attempt)
      return outcome
    },
    async close() {
      clearInterval(counter)
      await write()
    },
  }
}
