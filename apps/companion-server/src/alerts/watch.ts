import { randomUUID } from 'node:crypto'
import { sql, type Transaction } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import type { Tables } from '../platform/database/tables.ts'
import { enqueue } from './deliveries.ts'
import { type AlertRule, concerns, refusal, type Seen, threshold } from './rules.ts'

type Parts = { readonly database: Database; now(): Date }
type Rule = { readonly id: string; readonly organisation: string; readonly rule: AlertRule }

/** "lux" and the lock's number: one process at a time. */
const watchLock = 0x6c757804
/** So many entries at most, and of one checkpoint all. */
const entriesAtOnce = 5000
const checkpointsAtOnce = 50

/**
 * Applies the rules to what the newest checkpoints of the audit log cover: each entry once, whichever process does it. Gives how many
 * alerts were raised. What was before the first rule raises none.
 */
export async function watchAudit({ database, now }: Parts): Promise<number> {
  return database.transaction().execute(async (work) => {
    const lock = await sql<{ got: boolean }>`select pg_try_advisory_xact_lock(${watchLock}) as got`.execute(
      work,
    )
    if (lock.rows[0]?.got !== true) return 0
    const rules = await rulesOf(work)
    const seen = await work.selectFrom('alert_watch').select('checkpoint').executeTakeFirst()
    if (seen === undefined || rules.length === 0) {
      await moveTo(work, sql<string>`coalesce((select max(seq) from audit_checkpoint), 0)`)
      return 0
    }
    const last = await lastOf(work, seen.checkpoint, entriesAtOnce)
    if (last === null) return 0
    const organisations = [...new Set(rules.map(({ organisation }) => organisation))]
    const members = await membersOf(work, organisations)
    const entries = await entriesBetween(work, seen.checkpoint, last, { organisations, members })
    let raised = 0
    for (const rule of rules) {
      const its = members.get(rule.organisation)
      const own = entries.filter(
        ({ organisation, identity }) =>
          organisation === rule.organisation || (organisation === null && its?.has(identity)),
      )
      const concerned = own.filter((one) => concerns(rule.rule, one))
      for (const [identity, seen] of Map.groupBy(concerned, (one) => one.identity))
        if (await apply(work, rule, { identity, isMember: its?.has(identity) ?? false }, seen, now()))
          raised += 1
    }
    await moveTo(work, sql<string>`${last}`)
    return raised
  })
}

/** The newest of the checkpoints after one whose entries are looked at at once: the first, and what else is not too many with it. */
async function lastOf(work: Transaction<Tables>, after: string, most: number): Promise<string | null> {
  const checkpoints = await work
    .selectFrom('audit_checkpoint as one')
    .select('one.seq')
    .select(({ selectFrom }) =>
      selectFrom('audit_checkpoint_range as covered')
        .whereRef('covered.checkpoint', '=', 'one.seq')
        .select(sql<string>`coalesce(sum(covered.to_seq - covered.from_seq + 1), 0)`.as('entries'))
        .as('entries'),
    )
    .where('one.seq', '>', after)
    .orderBy('one.seq')
    .limit(checkpointsAtOnce)
    .execute()
  let [last, entries]: [string | null, number] = [null, 0]
  for (const one of checkpoints) {
    entries += Number(one.entries)
    if (last !== null && entries > most) break
    last = one.seq
  }
  return last
}

async function rulesOf(work: Transaction<Tables>): Promise<readonly Rule[]> {
  const rows = await work
    .selectFrom('alert_rule')
    .select(['id', 'organisation_id', 'rule'])
    .where('removed_at', 'is', null)
    .orderBy('id')
    .execute()
  // What is stored was looked at when it was stated.
  return rows.map((row) => ({
    ...{ id: row.id, organisation: row.organisation_id, rule: row.rule as AlertRule },
  }))
}

async function moveTo(work: Transaction<Tables>, checkpoint: ReturnType<typeof sql<string>>): Promise<void> {
  await sql`insert into alert_watch (checkpoint) values (${checkpoint})
    on conflict (only_one) do update set checkpoint = excluded.checkpoint`.execute(work)
}

/** Who has a role in an organisation: what is of no organisation, as a log-in, concerns it then. */
async function membersOf(
  work: Transaction<Tables>,
  organisations: readonly string[],
): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const rows = await work
    .selectFrom('role_grant')
    .select(['organisation_id', 'identity_id'])
    .where('organisation_id', 'in', organisations)
    .execute()
  const grouped = Map.groupBy(rows, ({ organisation_id }) => organisation_id ?? '')
  return new Map([...grouped].map(([id, its]) => [id, new Set(its.map((one) => one.identity_id))]))
}

async function entriesBetween(
  work: Transaction<Tables>,
  after: string,
  upTo: string,
  {
    organisations,
    members,
  }: {
    readonly organisations: readonly string[]
    readonly members: ReadonlyMap<string, ReadonlySet<string>>
  },
): Promise<readonly (Seen & { readonly organisation: string | null })[]> {
  const people = [...new Set([...members.values()].flatMap((its) => [...its]))]
  const rows = await work
    .selectFrom('audit')
    .innerJoin('audit_checkpoint_range as range', (join) =>
      join
        .onRef('range.writer', '=', 'audit.writer')
        .onRef('audit.seq', '>=', sql.ref('range.from_seq'))
        .onRef('audit.seq', '<=', sql.ref('range.to_seq')),
    )
    .select(['audit.identity_id', 'audit.organisation_id', 'audit.time', 'audit.outcome'])
    .select(sql<string | null>`audit.entry::jsonb ->> 'source'`.as('source'))
    .where('range.checkpoint', '>', after)
    .where('range.checkpoint', '<=', upTo)
    .where(({ or, and, eb }) =>
      or([
        eb('audit.organisation_id', 'in', organisations),
        and([
          eb('audit.organisation_id', 'is', null),
          sql<boolean>`audit.identity_id = any(${people}::text[])`,
        ]),
      ]),
    )
    .where('audit.identity_id', 'is not', null)
    .orderBy('audit.time')
    .execute()
  return rows.map((row) => ({
    ...{ identity: row.identity_id ?? '', organisation: row.organisation_id, time: row.time },
    ...{ outcome: row.outcome ?? '', source: row.source },
  }))
}

/** Whether it raised an alert: none while the one before still speaks for the same time. */
async function apply(
  work: Transaction<Tables>,
  { id, organisation, rule }: Rule,
  { identity, isMember }: { readonly identity: string; readonly isMember: boolean },
  its: readonly Seen[],
  now: Date,
): Promise<boolean> {
  const newest = its.at(-1)?.time ?? now
  const { most, minutes } = threshold(rule)
  const since = new Date(newest.getTime() - minutes * 60_000)
  const before = await work
    .selectFrom('alert')
    .select('id')
    .where('rule_id', '=', id)
    .where('identity_id', '=', identity)
    .where('at', '>', since)
    .limit(1)
    .executeTakeFirst()
  if (before) return false
  const seen =
    most === 0 ? its.length : await countOf(work, rule, { organisation, identity, isMember, since, newest })
  if (seen <= most) return false
  const alert = randomUUID()
  await work
    .insertInto('alert')
    .values({
      ...{ id: alert, rule_id: id, organisation_id: organisation, identity_id: identity },
      ...{ at: newest, seen },
    })
    .execute()
  await enqueue(work, organisation, 'alert', now, {
    ...{ alertId: alert, organisationId: organisation, identityId: identity },
    ...{ rule: { id, ...rule }, at: newest.toISOString(), seen },
  })
  return true
}

async function countOf(
  work: Transaction<Tables>,
  rule: AlertRule,
  of: {
    readonly organisation: string
    readonly identity: string
    readonly isMember: boolean
    readonly since: Date
    readonly newest: Date
  },
): Promise<number> {
  let rows = work
    .selectFrom('audit')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('time', '>', of.since)
    .where('time', '<=', of.newest)
    .where(({ or, eb }) =>
      or([
        eb('organisation_id', '=', of.organisation),
        ...(of.isMember ? [eb('organisation_id', 'is', null)] : []),
      ]),
    )
    .where('identity_id', '=', of.identity)
  if (rule.kind === 'failures') rows = rows.where('outcome', '~', refusal)
  return Number((await rows.executeTakeFirstOrThrow()).count)
}
