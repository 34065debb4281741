import { sql } from 'kysely'
import { within } from '../keys/named.ts'
import { type SealedDatabase, vouchedOf } from '../platform/database/authority/authority.ts'
import type { Database } from '../platform/database/open.ts'

/** What something is called now, by its id; of what is no longer known, nothing. */
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

const uuids = /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}/g

/** What somebody decides about: `own` is named whatever its organisation, what `said` has by its id only where it is of this one. */
type Said = {
  readonly own: readonly (string | null)[]
  readonly said: string
  readonly organisation: string | null
}

/**
 * What identities, keys and places are called, for whoever decides by it. Of a row that the server did not write, nothing. An asker chooses
 * part of the text, so that it names nothing of others.
 */
export async function sealedNames(
  database: SealedDatabase,
  asked: readonly Said[],
): Promise<readonly Names[]> {
  const wanted = [
    ...new Set(asked.flatMap(({ own, said }) => [...own, ...(said.match(uuids) ?? [])])),
  ].filter((id) => id !== null)
  if (wanted.length === 0) return asked.map(() => ({}))
  const { authority } = database
  const [identities, keys, others, organisations, projects] = await Promise.all([
    database.selectFrom('identity').selectAll().where('id', 'in', wanted).execute(),
    database.selectFrom('key').selectAll().where('id', 'in', wanted).execute(),
    database.selectFrom('external_key').selectAll().where('id', 'in', wanted).execute(),
    database.selectFrom('organisation').selectAll().where('id', 'in', wanted).execute(),
    database.selectFrom('project').selectAll().where('id', 'in', wanted).execute(),
  ])
  const named = [
    ...(await vouchedOf(authority, 'identity', identities, {})),
    ...(await vouchedOf(authority, 'key', keys, {})).map((key) => ({ ...key, name: key.label ?? key.name })),
    ...(await vouchedOf(authority, 'external_key', others, {})),
    ...(await vouchedOf(authority, 'organisation', organisations, {})),
    ...(await vouchedOf(authority, 'project', projects, {})),
  ]
  return asked.map(({ own, said, organisation }) => {
    const told = new Set(said.match(uuids))
    const seen = named.filter(
      ({ id, authority_tenant }) =>
        own.includes(id) || (told.has(id) && authority_tenant === (organisation ?? '')),
    )
    return Object.fromEntries(seen.map(({ id, name }) => [id, name]))
  })
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
