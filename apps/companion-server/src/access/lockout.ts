import { isIPv6 } from 'node:net'
import { sql } from 'kysely'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'

/** So many failures cost nothing; each one after that makes the next try wait twice as long, in seconds, from `first` to `most`. */
type Rule = { readonly free: number; readonly first: number; readonly most: number }

/** What one secret takes: of an account from everywhere, of a device that it logged in from, of a program from one network. */
const ofAccount: Rule = { free: 10, first: 30, most: 900 }
/** A network has many people behind it. */
const ofNetwork: Rule = { free: 100, first: 30, most: 300 }
const forgottenAfter = sql`interval '1 day'`

/** What failures are counted by. */
type Counter = { readonly account: string; readonly source: string; readonly rule: Rule }

/** `last`: if it fails, the next one has to wait. `locked`: it is not looked at, and makes no wait longer. */
export type Try = 'open' | 'last' | 'locked'

/**
 * Where a try comes from: the network, or a device that logged in to this account before. Strangers make nobody wait who has one, and who has
 * one guesses no more by it.
 */
export type From = { readonly network: string } | { readonly device: string }

/** An IPv6 address stands for its /64, which is one customer's; an IPv4 address for itself. */
export function networkOf(source: string): string {
  const address = source.replace(/%.*$/, '')
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!isIPv6(address)) return source
  const [before = '', after] = address.split('::')
  const words = before === '' ? [] : before.split(':')
  const tail = after === undefined || after === '' ? [] : after.split(':')
  const zeros = after === undefined ? 0 : Math.max(0, 8 - words.length - tail.length)
  const all = [...words, ...Array<string>(zeros).fill('0'), ...tail]
  return `${all
    .slice(0, 4)
    .map((word) => Number.parseInt(word, 16).toString(16))
    .join(':')}::/64`
}

const countersOf = (account: string, from: From): readonly Counter[] =>
  'device' in from
    ? [{ account, source: `device ${from.device}`, rule: ofAccount }]
    : [
        { account, source: '', rule: ofAccount },
        { account: '', source: from.network, rule: ofNetwork },
      ]

/** Of a program: its secret is nobody's to guess, and who knows its name locks it out nowhere but in his own network. */
const ofProgram = (account: string, source: string): Counter => ({
  ...{ account, source: networkOf(source), rule: ofAccount },
})

/** Whether a program has to wait: failures alone are counted, and afterwards, since it may come many times at once. */
export async function isLocked(database: SealedDatabase, account: string, source: string): Promise<boolean> {
  const counter = ofProgram(account, source)
  const row = await database
    .selectFrom('login_failure')
    .select('failures')
    .where('account', '=', counter.account)
    .where('source', '=', counter.source)
    .where(sql<boolean>`not ${isOver(counter.rule)}`)
    .executeTakeFirst()
  return row !== undefined
}

export function countFailure(database: SealedDatabase, account: string, source: string): Promise<Try> {
  return take(database, ofProgram(account, source))
}

/**
 * For what a person types: a try counts as failed before it is looked at, so that of many at once no more are looked at than of one after
 * another.
 */
export async function takeTry(database: SealedDatabase, account: string, from: From): Promise<Try> {
  const taken: Try[] = []
  const counters = countersOf(account, from)
  for (const counter of counters) {
    const one = await take(database, counter)
    if (one === 'locked') {
      for (const before of counters.slice(0, taken.length)) await giveBack(database, before)
      return 'locked'
    }
    taken.push(one)
  }
  return taken.includes('last') ? 'last' : 'open'
}

/**
 * After a try that succeeded: the account begins anew. The network, which others guess from too, has one failure less, so that people who
 * mistype and then log in add none.
 */
export async function giveBackTry(database: SealedDatabase, account: string, from: From): Promise<void> {
  for (const counter of countersOf(account, from))
    if (counter.account === '') await giveBack(database, counter, 2)
    else
      await database
        .deleteFrom('login_failure')
        .where('account', '=', counter.account)
        .where('source', '=', counter.source)
        .execute()
}

/** What has no say any more in who has to wait. */
export async function forgetFailures(database: SealedDatabase): Promise<void> {
  await database
    .deleteFrom('login_failure')
    .where('window_started_at', '<', sql<Date>`now() - ${forgottenAfter}`)
    .execute()
}

/** Those that cost nothing count from the first of them, so that a few each day never add up; what makes wait counts from the last. */
async function take(database: SealedDatabase, { account, source, rule }: Counter): Promise<Try> {
  const { rows } = await sql<{ failures: number }>`
    insert into login_failure (account, source, failures, window_started_at) values (${account}, ${source}, 1, now())
    on conflict (account, source) do update set
      failures = case when login_failure.window_started_at < now() - ${forgottenAfter} then 1
        else login_failure.failures + 1 end,
      window_started_at = case when login_failure.window_started_at >= now() - ${forgottenAfter}
        and login_failure.failures + 1 < ${rule.free}::integer then login_failure.window_started_at else now() end
    where ${isOver(rule)}
    returning failures`.execute(database)
  const [row] = rows
  return row === undefined ? 'locked' : row.failures < rule.free ? 'open' : 'last'
}

/** The wait after the failures that are counted, the last of them at `window_started_at`, is over. */
const isOver = ({ free, first, most }: Rule) => sql<boolean>`(login_failure.failures < ${free}::integer
  or login_failure.window_started_at + make_interval(secs => least(
    ${first}::float8 * power(2, least(login_failure.failures - ${free}::integer, 20)), ${most}::float8)) <= now())`

async function giveBack(database: SealedDatabase, { account, source }: Counter, count = 1): Promise<void> {
  await database
    .updateTable('login_failure')
    .set({ failures: sql<number>`greatest(failures - ${count}::integer, 0)` })
    .where('account', '=', account)
    .where('source', '=', source)
    .where('failures', '>', 0)
    .execute()
}
