import { sql } from 'kysely'
import { within } from '../keys/named.ts'
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

/** Identities by a part of their name or username, or by their id. */
export async function identitiesNamed(database: Database, wanted: string): Promise<readonly string[]> {
  const like = within(wanted)
  const found = await database
    .selectFrom('identity')
    .leftJoin('person', 'person.identity_id', 'identity.id')
    .leftJoin('member', 'member.identity_id', 'identity.id')
    .select('identity.id')
    .where((is) =>
      is.or([
        is('identity.id', '=', wanted),
        is('identity.name', 'ilike', like),
        is('person.username', 'ilike', like),
        is('member.username', 'ilike', like),
      ]),
    )
    .execute()
  return found.map(({ id }) => id)
}

/** Keys by a part of their name, or by their id, also those of other services and what was removed. */
export async function keysNamed(database: Database, wanted: string): Promise<readonly string[]> {
  const like = within(wanted)
  const found = await database
    .selectFrom('key')
    .select('id')
    .where((is) => is.or([is('id', '=', wanted), is('name', 'ilike', like), is('label', 'ilike', like)]))
    .union((from) =>
      from
        .selectFrom('external_key')
        .select('id')
        .where((is) => is.or([is('id', '=', wanted), is('name', 'ilike', like)])),
    )
    .union((from) =>
      from
        .selectFrom('removed_external_key')
        .select('id')
        .where((is) => is.or([is('id', '=', wanted), is('name', 'ilike', like)])),
    )
    .execute()
  return found.map(({ id }) => id)
}
