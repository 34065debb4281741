import { uptime } from 'node:os'
import { sql } from 'kysely'
import { accept, type Outcome, refuse } from '../refusal.ts'
import type { Database } from './database/open.ts'

/** How far clocks may be apart, in milliseconds. */
const apart = 5 * 60_000

export type Clock = {
  /** The time, for what cannot be taken back. Refuses CLOCK-MOVED. */
  trusted(): Promise<Outcome<Date>>
}

/**
 * This machine's clock. It is trusted while it agrees with the database's, and was not moved forward since it was opened: one that was
 * moved brings no date nearer. Time asleep counts, and a clock that is put back brings nothing nearer, and is taken as it is from then on.
 */
export function openClock(
  database: Database,
  wall: () => number = Date.now,
  elapsed: () => number = () => uptime() * 1000,
): Clock {
  let began = wall() - elapsed()
  const moved = (by: number, from: string) =>
    refuse('CLOCK-MOVED', `it is ${Math.round(by / 1000)} s from ${from}`)

  return {
    async trusted() {
      const jumped = wall() - elapsed() - began
      if (jumped > apart) return moved(jumped, 'where it would be, had it run on since the start')
      const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(database)
      const time = wall()
      const other = rows[0]?.now.getTime() ?? Number.NaN
      if (!(Math.abs(time - other) <= apart)) return moved(time - other, 'that of the database')
      if (jumped < -apart) began = time - elapsed()
      return accept(new Date(Math.min(time, other)))
    },
  }
}
