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
 * This machine's clock. It is trusted while it has run on evenly since it was opened, and agrees with the database's: one that was
 * moved brings no date nearer.
 */
export function openClock(
  database: Database,
  wall: () => number = Date.now,
  monotonic: () => number = () => performance.now(),
): Clock {
  const began = wall() - monotonic()
  const moved = (by: number, from: string) =>
    refuse('CLOCK-MOVED', `it is ${Math.round(by / 1000)} s from ${from}`)

  return {
    async trusted() {
      const jumped = wall() - monotonic() - began
      if (Math.abs(jumped) > apart) return moved(jumped, 'where it would be, had it run on since the start')
      const { rows } = await sql<{ now: Date }>`select clock_timestamp() as now`.execute(database)
      const time = wall()
      const other = rows[0]?.now.getTime() ?? Number.NaN
      return Math.abs(time - other) <= apart
        ? accept(new Date(Math.min(time, other)))
        : moved(time - other, 'that of the database')
    },
  }
}
