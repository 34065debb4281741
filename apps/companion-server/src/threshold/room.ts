import { sql, type Transaction } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import type { Tables } from '../platform/database/tables.ts'
import { variable } from '../platform/environment.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'

/** How long a file is kept, in ms: after the last request that names it has ended, its value taken; and one that no request names. */
export type Keeping = { readonly afterEnd: number; readonly unasked: number }

export const configuredKeeping = (): Keeping => ({
  afterEnd: Number(variable('CIPHERTEXT_HOURS_AFTER_END') ?? 24) * 3_600_000,
  unasked: Number(variable('CIPHERTEXT_HOURS_UNASKED') ?? 168) * 3_600_000,
})

/** Bytes of ciphertexts that are kept, of one key and of all keys of one organisation, where no server-admin has said another number. */
const roomOfKey = 4 * 2 ** 30
const roomOfOrganisation = 64 * 2 ** 30
/** More than any disk has. */
export const mostRoom = 2 ** 50

/** Bytes of ciphertexts: kept, and at most. */
export type Room = { readonly used: number; readonly total: number }
/** `organisation`: of all of its keys together; null of a key that no organisation has. */
export type CiphertextRoom = Room & { readonly organisation: Room | null }

type Reading = Pick<Transaction<Tables>, 'selectFrom'>
type Of = { readonly key: string } | { readonly organisation: string }

export async function roomOf(work: Reading, keyId: string): Promise<CiphertextRoom> {
  const { organisation_id: organisation } = await work
    .selectFrom('fhe_key')
    .select('organisation_id')
    .where('id', '=', keyId)
    .executeTakeFirstOrThrow()
  return {
    ...(await oneRoom(work, { key: keyId })),
    organisation: organisation === null ? null : await oneRoom(work, { organisation }),
  }
}

async function oneRoom(work: Reading, of: Of): Promise<Room> {
  const { used } = await work
    .selectFrom('fhe_ciphertext')
    .innerJoin('fhe_key', 'fhe_key.id', 'fhe_key_id')
    .select(sql<string>`coalesce(sum(size), 0)`.as('used'))
    .where(
      'key' in of ? 'fhe_key.id' : 'fhe_key.organisation_id',
      '=',
      'key' in of ? of.key : of.organisation,
    )
    .where('removed_at', 'is', null)
    .executeTakeFirstOrThrow()
  const said = await work
    .selectFrom('ciphertext_quota')
    .select('bytes')
    .where('key' in of ? 'fhe_key_id' : 'organisation_id', '=', 'key' in of ? of.key : of.organisation)
    .executeTakeFirst()
  const usual = 'key' in of ? roomOfKey : roomOfOrganisation
  return { used: Number(used), total: said === undefined ? usual : Number(said.bytes) }
}

/**
 * That so many bytes more may be kept for a key, under the key's lock. Uploads to the other keys of its organisation wait, so that together
 * they take no more than there is. Refuses CIPHERTEXTS-FULL, and says what is kept and what ends when.
 */
export async function checkRoom(
  work: Transaction<Tables>,
  { keyId, size, at, keeping }: { keyId: string; size: number; at: Date; keeping: Keeping },
): Promise<Outcome<null>> {
  await sql`select pg_advisory_xact_lock(hashtext('ciphertext-room ' || coalesce(organisation_id, '')))
    from fhe_key where id = ${keyId}`.execute(work)
  const { organisation, ...key } = await roomOf(work, keyId)
  const over = ({ used, total }: Room) => used + size > total
  const [full, whose] =
    organisation !== null && over(organisation)
      ? [organisation, 'all keys of its organisation']
      : [key, 'this key']
  if (!over(full)) return accept(null)
  const { files, waiting, next } = await whatIsKept(work, keyId, keeping)
  const ends = next === null ? '' : `; the next goes at ${(next > at ? next : at).toISOString()}`
  return refuse(
    'CIPHERTEXTS-FULL',
    `${full.used} of ${full.total} bytes are kept for ${whose}, and ${size} more are asked for. Of this key ${files} files are kept: ` +
      `${waiting} for requests that have not ended${ends}`,
  )
}

/** Files of a key, how many of them wait for a request, and when the first of the others goes. */
async function whatIsKept(work: Reading, keyId: string, { afterEnd, unasked }: Keeping) {
  const named = (over: string) => sql`(select ${sql.raw(over)} from fhe_request_ciphertext named
    join decrypt_request request using (fhe_key_id, request_id)
    where named.fhe_key_id = kept.fhe_key_id and named.digest = kept.digest)`
  const { rows } = await sql<{ files: number; waiting: number; next: Date | null }>`
    select count(*)::int as files, count(*) filter (where waits)::int as waiting, min(goes) filter (where not waits) as next
    from (
      select coalesce(${named('bool_or(request.ended_at is null)')}, false) as waits,
        case when ${named('max(request.ended_at)')} is null then kept.created_at + ${unasked} * interval '1 ms'
          else greatest(kept.created_at, ${named('max(request.ended_at)')}) + ${afterEnd} * interval '1 ms' end as goes
      from fhe_ciphertext kept where kept.fhe_key_id = ${keyId} and kept.removed_at is null) files`.execute(
    // A raw query needs no more of a transaction than a builder does.
    work as Transaction<Tables>,
  )
  return rows[0] ?? { files: 0, waiting: 0, next: null }
}

/** As a server-admin sees it: numbers, and no names. */
export type Rooms = {
  readonly organisations: readonly (Room & { readonly organisation: string })[]
  readonly keys: readonly (Room & { readonly key: string; readonly organisation: string | null })[]
}

export async function allRooms(database: Database): Promise<Rooms> {
  const keys = await database
    .selectFrom('fhe_key')
    .select(['id', 'organisation_id'])
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  const organisations = [...new Set(keys.flatMap(({ organisation_id: one }) => one ?? []))].toSorted()
  return {
    organisations: await Promise.all(
      organisations.map(async (organisation) => ({
        organisation,
        ...(await oneRoom(database, { organisation })),
      })),
    ),
    keys: await Promise.all(
      keys.map(async ({ id, organisation_id: organisation }) => ({
        ...{ key: id, organisation },
        ...(await oneRoom(database, { key: id })),
      })),
    ),
  }
}

/** Takes the place of what was said before. What is kept already stays, however little is allowed now. */
export async function setRoom(database: Database, of: Of, bytes: number): Promise<Room> {
  const whose = 'key' in of ? { fhe_key_id: of.key } : { organisation_id: of.organisation }
  await database
    .insertInto('ciphertext_quota')
    .values({ fhe_key_id: null, organisation_id: null, ...whose, bytes })
    .onConflict((again) =>
      again.column('key' in of ? 'fhe_key_id' : 'organisation_id').doUpdateSet({ bytes }),
    )
    .execute()
  return oneRoom(database, of)
}
