import { sql } from 'kysely'
import type { Database } from '../platform/database/open.ts'

const maxFailures = 10
const windowMinutes = 5

/** After 10 failures in 5 minutes of one account from one source: whoever knows its name locks nobody out elsewhere. */
export async function isLocked(database: Database, account: string, source: string): Promise<boolean> {
  const row = await database
    .selectFrom('login_failure')
    .select('failures')
    .where('account', '=', account)
    .where('source', '=', source)
    .where('window_started_at', '>', sql<Date>`now() - make_interval(mins => ${windowMinutes})`)
    .executeTakeFirst()
  return (row?.failures ?? 0) >= maxFailures
}

export async function countFailure(database: Database, account: string, source: string): Promise<void> {
  await sql`
    insert into login_failure (account, source, failures, window_started_at) values (${account}, ${source}, 1, now())
    on conflict (account, source) do update set
      failures = case when login_failure.window_started_at > now() - make_interval(mins => ${windowMinutes})
        then login_failure.failures + 1 else 1 end,
      window_started_at = case when login_failure.window_started_at > now() - make_interval(mins => ${windowMinutes})
        then login_failure.window_started_at else now() end`.execute(database)
}

/** What has no say any more in who is locked out. */
export async function forgetFailures(database: Database): Promise<void> {
  await database
    .deleteFrom('login_failure')
    .where('window_started_at', '<', sql<Date>`now() - make_interval(mins => ${windowMinutes})`)
    .execute()
}
