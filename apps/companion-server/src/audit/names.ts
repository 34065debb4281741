import { sql } from 'kysely'
import type { Database } from '../platform/database/open.ts'

/** What identities and keys are called now, by id; of one that is no longer known, nothing. */
export type Names = Readonly<Record<string, string>>

export async function namesOf(database: Database, ids: Iterable<string | null>): Promise<Names> {
  const wanted = [...new Set(ids)].filter((id) => id !== null)
  if (wanted.length === 0) return {}
  const found = await database
    .selectFrom('identity')
    .select(['id', 'name'])
    .where('id', 'in', wanted)
    .union((from) =>
      from
        .selectFrom('key')
        .select(['id', sql<string>`coalesce(label, name)`.as('name')])
        .where('id', 'in', wanted),
    )
    .union((from) => from.selectFrom('external_key').select(['id', 'name']).where('id', 'in', wanted))
    .union((from) => from.selectFrom('removed_external_key').select(['id', 'name']).where('id', 'in', wanted))
    .execute()
  return Object.fromEntries(found.map(({ id, name }) => [id, name]))
}
