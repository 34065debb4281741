import { type Selectable, sql } from 'kysely'
import type { Seen } from '../platform/database/authority/look.ts'
import type { Database } from '../platform/database/open.ts'
import type { ApprovalRequestTable } from '../platform/database/tables.ts'
import { enqueue } from './deliveries.ts'

/** What is not as the server left it, or was taken as it is: whoever looks after an organisation hears of it by its webhooks. */
export type AuthorityNews =
  | { readonly code: 'AUTHORITY-OTHER'; readonly of: 'deployment' | 'organisation' }
  | { readonly code: 'ROW-FORGED'; readonly rows: number }
  | { readonly code: 'AUTHORITY-ACCEPTED'; readonly rows: number; readonly sets: number }
  | {
      readonly code: 'APPROVAL-OVERRIDE'
      readonly state: 'waits' | 'stopped' | 'used'
      readonly request: string
      readonly operation: string
      readonly identity: string
      readonly officers: readonly string[]
      readonly from: string
    }

/** "lux" and the lock's number: two servers do not tell the same. */
const tellLock = 0x6c757806
const again = 86_400_000

/** The whole deployment's concerns everybody. Of forged rows each hears how many: their names may be another's. */
function newsFor(organisation: string, { stopped, forged }: Seen): AuthorityNews[] {
  const news: AuthorityNews[] = []
  if (stopped.has('')) news.push({ code: 'AUTHORITY-OTHER', of: 'deployment' })
  if (stopped.has(organisation)) news.push({ code: 'AUTHORITY-OTHER', of: 'organisation' })
  if (forged.length > 0) news.push({ code: 'ROW-FORGED', rows: forged.length })
  return news
}

export const tellAuthority = (database: Database, now: Date, seen: Seen): Promise<void> =>
  tell(database, now, (organisation) => newsFor(organisation, seen))

export const tellAccepted = (database: Database, now: Date, { stopped, forged }: Seen): Promise<void> =>
  tell(database, now, () => [{ code: 'AUTHORITY-ACCEPTED', rows: forged.length, sets: stopped.size }])

/** Each step of what officers signed for; of the whole deployment, everybody hears of it. */
export async function tellOverride(
  work: Database,
  request: Pick<Selectable<ApprovalRequestTable>, 'id' | 'operation' | 'identity_id' | 'organisation_id'>,
  {
    signed,
    stopped,
  }: {
    readonly signed: { readonly officers: readonly string[]; readonly from: string } | null
    readonly stopped: object | null
  },
  now: Date,
  used = false,
): Promise<void> {
  if (signed === null) return
  const { id, operation, identity_id: identity, organisation_id: organisation } = request
  const news: AuthorityNews = {
    code: 'APPROVAL-OVERRIDE',
    state: used ? 'used' : stopped === null ? 'waits' : 'stopped',
    ...{ request: id, operation, identity, officers: signed.officers, from: signed.from },
  }
  const all = organisation === null ? await hooked(work) : [organisation]
  for (const one of all) await enqueue(work, one, 'authority', now, { ...news, officers: [...news.officers] })
}

/** Organisations that hear of anything. */
async function hooked(work: Database): Promise<readonly string[]> {
  const hooks = await work
    .selectFrom('webhook')
    .select('organisation_id')
    .distinct()
    .where('removed_at', 'is', null)
    .execute()
  return hooks.map(({ organisation_id }) => organisation_id)
}

/** What is so is told once a day, whichever server saw it; an acceptance is an act, and each is told. */
async function tell(
  database: Database,
  now: Date,
  newsOf: (organisation: string) => readonly AuthorityNews[],
): Promise<void> {
  await database.transaction().execute(async (work) => {
    await sql`select pg_advisory_xact_lock(${tellLock})`.execute(work)
    for (const organisation of await hooked(work))
      for (const one of newsOf(organisation)) {
        const told = await work
          .selectFrom('webhook_delivery')
          .innerJoin('webhook', 'webhook.id', 'webhook_delivery.webhook_id')
          .select('webhook_delivery.id')
          .where('webhook.organisation_id', '=', organisation)
          .where('event', '=', 'authority')
          .where('webhook_delivery.created_at', '>', new Date(now.getTime() - again))
          .where(sql<boolean>`(body::jsonb -> 'data') = ${JSON.stringify(one)}::jsonb`)
          .executeTakeFirst()
        if (!told || one.code === 'AUTHORITY-ACCEPTED')
          await enqueue(work, organisation, 'authority', now, { ...one })
      }
  })
}
