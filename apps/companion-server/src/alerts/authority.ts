import { sql } from 'kysely'
import type { Seen } from '../platform/database/authority/look.ts'
import type { Database } from '../platform/database/open.ts'
import { enqueue } from './deliveries.ts'

/** What is not as the server left it, or was taken as it is: whoever looks after an organisation hears of it by its webhooks. */
export type AuthorityNews =
  | { readonly code: 'AUTHORITY-OTHER'; readonly of: 'deployment' | 'organisation' }
  | { readonly code: 'ROW-FORGED'; readonly rows: number }
  | { readonly code: 'AUTHORITY-ACCEPTED'; readonly rows: number; readonly sets: number }

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

/** Each thing once a day, whichever server saw it. */
async function tell(
  database: Database,
  now: Date,
  newsOf: (organisation: string) => readonly AuthorityNews[],
): Promise<void> {
  await database.transaction().execute(async (work) => {
    await sql`select pg_advisory_xact_lock(${tellLock})`.execute(work)
    const hooks = await work
      .selectFrom('webhook')
      .select('organisation_id')
      .distinct()
      .where('removed_at', 'is', null)
      .execute()
    for (const { organisation_id: organisation } of hooks)
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
        if (!told) await enqueue(work, organisation, 'authority', now, { ...one })
      }
  })
}
