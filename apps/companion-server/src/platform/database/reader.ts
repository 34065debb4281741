import pg from 'pg'
import { EnvironmentError } from '../../refusal.ts'
import { connect, type Database, type OpenDatabase } from './open.ts'

/** Where lists that are only shown and queries of the audit log are read from: a replica may be a moment behind, and nothing is decided by it. */
export type Reader = { read<T>(work: (from: Database) => Promise<T>): Promise<T> }

/** How long a replica that failed is left alone. */
const rest = 5000

/** Reads from the one database that there is. */
export const readerOf = (database: Database): Reader => ({ read: (work) => work(database) })

/**
 * Reads from the replica at `url`; from the database itself while the replica cannot be reached, so that its absence changes no
 * answer. Throws DATABASE-OTHER-SERVER where it is another server's.
 */
export async function openReader(
  database: Database,
  {
    url,
    deployment,
    now = Date.now,
  }: { readonly url: string; readonly deployment: string; now?: () => number },
): Promise<Reader & Pick<OpenDatabase, 'close'>> {
  const replica = connect({ connectionString: url })
  let restsUntil = 0
  let known = false

  async function isOurs(): Promise<boolean> {
    if (known) return true
    const rows = await replica.selectFrom('deployment').select('id').execute()
    known = rows.length === 1 && rows[0]?.id === deployment
    return known
  }
  async function first(): Promise<void> {
    try {
      if (await isOurs()) return
    } catch (error) {
      if (!isAway(error)) throw error
      restsUntil = now() + rest
      return
    }
    throw new EnvironmentError(
      'DATABASE-OTHER-SERVER',
      'DATABASE_READ_URL is no replica of this server’s database',
    )
  }
  try {
    await first()
  } catch (error) {
    await replica.destroy()
    throw error
  }

  return {
    async read(work) {
      if (now() < restsUntil) return work(database)
      try {
        if (await isOurs()) return await work(replica)
      } catch (error) {
        if (!isAway(error)) throw error
        restsUntil = now() + rest
      }
      return work(database)
    },
    close: () => replica.destroy(),
  }
}

/** The replica itself, and not what it was asked. A standby cancels a query that is in the way of what it replays. */
function isAway(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return true
  return /^(?:08|53|57|40001)/.test(error.code ?? '')
}
