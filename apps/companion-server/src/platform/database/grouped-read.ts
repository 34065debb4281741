import pg from 'pg'
import { databaseFaultOf } from '../failure.ts'

/** Most of one query. */
const maxGroup = 500
/** How long those who ask meanwhile wait for a query that is under way: one that hangs holds up nobody else. */
const patience = 100

/** The database is there and has room: it did not take the question. */
const ofQuestion = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && databaseFaultOf(error) === null

/**
 * Reads what many ask for at once by one query. It begins after each of them has asked, so that none is told what was so
 * before: what another process changes is seen by whoever asks next.
 */
export function openGroupedRead<Wanted, Row>(parts: {
  nameOf(wanted: Wanted): string
  read(wanted: readonly Wanted[]): Promise<ReadonlyMap<string, Row>>
}): (wanted: Wanted) => Promise<Row | undefined> {
  type Asking = {
    readonly wanted: Wanted
    readonly done: PromiseWithResolvers<Row | undefined>
  }
  let next = new Map<string, Asking>()
  let underWay = 0
  let late: NodeJS.Timeout | null = null

  async function ask(group: readonly Asking[]): Promise<void> {
    underWay++
    try {
      const found = await parts.read(group.map(({ wanted }) => wanted))
      for (const { wanted, done } of group) done.resolve(found.get(parts.nameOf(wanted)))
    } catch (error) {
      // What one asked for may be no text or number of the database: the others are not answered by that.
      if (ofQuestion(error) && group.length > 1) await Promise.all(group.map((one) => ask([one])))
      else for (const { done } of group) done.reject(error)
    } finally {
      underWay--
      if (underWay === 0) begin()
    }
  }
  function begin(): void {
    if (late !== null) clearTimeout(late)
    late = null
    const all = [...next.values()]
    next = new Map()
    // `ask` never rejects: each hears of its own failure.
    for (let at = 0; at < all.length; at += maxGroup) void ask(all.slice(at, at + maxGroup))
  }

  return (wanted) => {
    const name = parts.nameOf(wanted)
    const waiting = next.get(name)
    if (waiting) return waiting.done.promise
    if (next.size === 0) {
      if (underWay === 0) setImmediate(begin)
      else late = setTimeout(begin, patience)
    }
    const asking = { wanted, done: Promise.withResolvers<Row | undefined>() }
    next.set(name, asking)
    return asking.done.promise
  }
}
