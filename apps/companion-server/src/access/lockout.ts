import { sql } from 'kysely'
import type { Database } from '../platform/database/open.ts'

/** So many in five minutes of one account from one source: whoever knows its name locks nobody out elsewhere. */
export const maxFailures = 10
const windowMinutes = 5

/** For a secret that nobody guesses, of a program that may come many times at once: failures alone are counted, and afterwards. */
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

/** The number of this failure, up to one more than lock. */
export async function countFailure(database: Database, account: string, source: string): Promise<number> {
  const { rows } = await sql<{ failures: number }>`
    insert into login_failure (account, source, failures, window_started_at) values (${account}, ${source}, 1, now())
    on conflict (account, source) do update set
      failures = case when login_failure.window_started_at > now() - make_interval(mins => ${windowMinutes})
        then least(login_failure.failures + 1, ${maxFailures + 1}::integer) else 1 end,
      window_started_at = case when login_failure.window_started_at > now() - make_interval(mins => ${windowMinutes})
        then login_failure.window_started_at else now() end
    returning failures`.execute(database)
  return rows[0]?.failures ?? maxFailures + 1
}

/**
 * For what a person types: a try counts as failed before it is looked at, so that of many at once no more are looked at than of one after
 * another. `last`: if it fails, all others are `locked`.
 */
export async function takeTry(
  database: Database,
  account: string,
  source: string,
): Promise<'open' | 'last' | 'locked'> {
  const failures = await countFailure(database, account, source)
  return failures < maxFailures ? 'open' : failures === maxFailures ? 'last' : 'locked'
}

/** What was taken for a try that succeeded. */
export async function giveBackTry(database: Database, account: string, source: string): Promise<void> {
  await database
    .updateTable('login_failure')
    .set(({ eb }) => ({ failures: eb('failures', '-', 1) }))
    .where('account', '=', account)
    .where('source', '=', source)
    .where('failures', '>', 0)
    .execute()
}

/** What has no say any more in who is locked out. */
export async function forgetFailures(database: Database): Promise<void> {
  await database
    .deleteFrom('login_failure')
    .where('window_started_at', '<', sql<Date>`now() - make_interval(mins => ${windowMinutes})`)
    .execute()
}
