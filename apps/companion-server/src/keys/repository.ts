import { type Insertable, type RawBuilder, type Selectable, sql } from 'kysely'
import pg from 'pg'
import type { KeyScope } from '../access/conditions.ts'
import { withinScopes } from '../access/key-scopes.ts'
import type { Page } from '../access/page.ts'
import { type SealedDatabase, vouchedOf, type Work } from '../platform/database/authority/authority.ts'
import type { StoredRow } from '../platform/database/authority/tables.ts'
import type { Asked } from '../platform/database/authority/writer.ts'
import { openGroupedRead } from '../platform/database/grouped-read.ts'
import { type Reader, readerOf } from '../platform/database/reader.ts'
import type {
  KeptAttribute,
  KeyDates,
  KeyTable,
  KeyVersionTable,
  ProjectTable,
  VersionState,
} from '../platform/database/tables.ts'
import { EnvironmentError } from '../refusal.ts'
import { rotationOf, within } from './named.ts'
import { type WrappedRow, wrappedRow } from './row-mac.ts'

export type StoredKey = Selectable<KeyTable>

export type StoredVersion = {
  readonly row: WrappedRow
  readonly mac: Uint8Array
  readonly state: VersionState
}

/**
 * Which keys of those that are not destroyed. `stopped`: disabled, or dealt by no ceremony yet. `ending`: the deletion is scheduled, and can
 * be cancelled. `rotating`: by itself, within 30 days. `due`: any of these three.
 */
export const listedStates = ['any', 'serving', 'stopped', 'ending', 'rotating', 'due'] as const
export type ListedState = (typeof listedStates)[number]
export type KeyCounts = Readonly<Record<ListedState, number>>

export type KeyPage = Page & {
  /** Those alone whose deletion is scheduled and can be cancelled; absent: those alone whose is not. */
  readonly ending?: boolean
  /** In place of `ending`. */
  readonly state?: ListedState
  readonly algorithm?: string
  /** How many of all keys that the caller may see are in each state, whatever is searched for. */
  readonly counted?: boolean
  readonly search: string | null
  readonly orderBy: 'name' | 'created_at' | 'updated_at'
  readonly orderDirection: 'asc' | 'desc'
  /** Those within any of these alone: what the caller may see. */
  readonly scopes: readonly KeyScope[]
  /** It is only shown, so that a replica a moment behind may answer. Absent: something is done with what it names. */
  readonly mayLag?: boolean
}

export type NewVersion = {
  readonly row: WrappedRow
  readonly mac: Uint8Array
  /** Absent: enabled. */
  readonly state?: 'enabled' | 'pre-active'
}

export type KeyChange = {
  readonly name?: string
  readonly description?: string | null
  readonly is_disabled?: boolean
  readonly min_decrypt_version?: number
  readonly destroy_at?: Date | null
  readonly is_exportable?: boolean
  readonly rotate_every_days?: number | null
  readonly rotate_at?: Date | null
  readonly label?: string | null
  readonly attributes?: readonly KeptAttribute[]
}

/** Moves versions from one of `from` to `to`. */
export type StateChange = { readonly from: readonly VersionState[]; readonly to: VersionState }

/** The rows of keys. Nothing here decides who may see or use one. */
export type KeyRepository = KeyReads & KeyChanges & DueKeys

type KeyReads = {
  findKey(id: string): Promise<StoredKey | 'absent'>
  findByName(project: string, name: string): Promise<StoredKey | 'absent'>
  listKeys(
    project: string,
    page: KeyPage,
  ): Promise<{ keys: StoredKey[]; total: number; counts: KeyCounts | null }>
  /** When each was used last, by the audit; of one that never was, nothing. */
  lastUses(ids: readonly string[]): Promise<ReadonlyMap<string, Date>>
  findVersion(key: StoredKey, version: number): Promise<StoredVersion | 'absent'>
  /** Every version, newest first. */
  listVersions(key: StoredKey): Promise<readonly (StoredVersion & { readonly createdAt: Date })[]>
  findProject(id: string): Promise<Selectable<ProjectTable> | 'absent'>
}

type KeyChanges = {
  /** Inserts a key with its first version. `name-taken` where another of the project has the name. */
  insert(key: Insertable<KeyTable>, version: NewVersion): Promise<StoredKey | 'name-taken'>
  /** Adds the version after the current one and makes it current. `moved` where another call did meanwhile. `scheduled`: from when on its schedule counts. */
  addVersion(key: StoredKey, version: NewVersion, scheduled?: Date): Promise<StoredKey | 'moved'>
  /** `name-taken` as above, `absent` where it is gone meanwhile; a deletion whose time has come, by the database's clock, is not cancelled. */
  change(id: string, fields: KeyChange): Promise<StoredKey | 'name-taken' | 'absent'>
  /** Whether it was changed: what is destroyed, or compromised, stays so. */
  setVersionState(key: StoredKey, version: number, state: StoredVersion['state']): Promise<boolean>
  /** Every version that is in one of the states, and what the key says of it, at once. `moved` where the current one is in none. */
  changeStates(key: StoredKey, change: StateChange, lifecycle: KeyDates): Promise<StoredKey | 'moved'>
  /** Destroys every version of a key and gives its names free. `moved` where one is enabled. */
  destroy(key: StoredKey, lifecycle: KeyDates, now: Date): Promise<StoredKey | 'moved'>
  /** A key in the place of another, whose label it takes. `moved` where another has taken it meanwhile. */
  replace(old: StoredKey, key: Insertable<KeyTable>, version: NewVersion): Promise<StoredKey | 'moved'>
  /** Counts so many uses more, up to `most`. Says whether there was room. */
  countRawUses(id: string, uses: number, most: number): Promise<boolean>
}

/** What the clock does: keys whose time to be destroyed or rotated has come. */
type DueKeys = {
  /** Has each key whose time has come destroyed, and says how many. What `each` throws leaves its key as it was. */
  destroyDue(
    now: Date,
    each: (key: StoredKey, destroy: () => Promise<void>) => Promise<void>,
    /** Candidates of one query. */
    batch?: number,
  ): Promise<number>
  /** A key whose rotation is due, lent to one asker until a time: then it is due again, unless its version is added. */
  claimRotation(now: Date, until: Date): Promise<StoredKey | 'none'>
  /** A rotation is due again only after the days that the key says now. */
  putOffRotation(id: string, from: Date): Promise<void>
}

export function openKeyRepository(database: SealedDatabase, reader = readerOf(database)): KeyRepository {
  return { ...keyReads(database, reader), ...keyChanges(database), ...dueKeys(database) }
}

const stopped = sql`(is_disabled or (threshold is not null and fhe_key_id is null))`
const endingNow = sql`(destroy_at is not null and destroy_at > now())`
const rotating = sql`(destroy_at is null and rotate_at <= now() + interval '30 days')`
const isListed: Readonly<Record<ListedState | 'kept', RawBuilder<boolean>>> = {
  kept: sql<boolean>`destroy_at is null`,
  any: sql<boolean>`(destroy_at is null or destroy_at > now())`,
  serving: sql<boolean>`(destroy_at is null and not ${stopped})`,
  stopped: sql<boolean>`(destroy_at is null and ${stopped})`,
  ending: sql<boolean>`${endingNow}`,
  rotating: sql<boolean>`${rotating}`,
  due: sql<boolean>`(${endingNow} or (destroy_at is null and ${stopped}) or ${rotating})`,
}

const countsOf = (counts: Readonly<Record<ListedState, string>>): KeyCounts => {
  const { any, serving, stopped, ending, rotating, due } = counts
  const number = { any: Number(any), serving: Number(serving), stopped: Number(stopped) }
  return { ...number, ending: Number(ending), rotating: Number(rotating), due: Number(due) }
}

/** Operations by which a key was used, and not only read or changed. */
const uses = '^key\\.(encrypt|decrypt|rewrap|sign|verify|generate)(-|$)'

/** Calls that ask at once for keys or versions share one query. */
function groupedReads(database: SealedDatabase) {
  /** Its current version as of the moment at which a key was read. */
  const currentOf = new WeakMap<object, StoredRow<'key_version'>>()
  // Written once: to write it again costs more than to read a row.
  const withCurrent = database
    .selectFrom('key')
    .innerJoin('key_version as current', (on) =>
      on.onRef('current.key_id', '=', 'key.id').onRef('current.version', '=', 'key.current_version'),
    )
    .selectAll('key')
    .select(['version', 'current.algorithm as version_algorithm', 'wrapped', 'wrapping_kek_id'])
    .select(['wrapping_kek_version', 'origin', 'bundle_digest', 'state', 'mac'])
    .select(['current.authority_tenant as version_tenant', 'current.authority_mac as version_mac'])
    .select('current.created_at as version_created_at')
    .where(sql<boolean>`key.id = any(${[]})`)
    .compile()
  const keyById = openGroupedRead({
    nameOf: (id: string) => id,
    async read(ids) {
      const asked: typeof withCurrent = { ...withCurrent, parameters: [ids] }
      const { rows } = await database.executeQuery(asked)
      const found = new Map<string, StoredRow<'key'>>()
      for (const row of rows) {
        const { version, version_algorithm, wrapped, wrapping_kek_id, wrapping_kek_version, ...rest } = row
        const { origin, bundle_digest, state, mac, version_tenant, version_mac, ...more } = rest
        const { version_created_at, ...key } = more
        currentOf.set(key, {
          ...{ key_id: key.id, version, algorithm: version_algorithm, wrapped, wrapping_kek_id },
          ...{ wrapping_kek_version, origin, bundle_digest, state, mac, created_at: version_created_at },
          ...{ authority_tenant: version_tenant, authority_mac: version_mac },
        })
        found.set(key.id, key)
      }
      // A threshold key has no version here.
      const others = ids.filter((id) => !found.has(id))
      if (others.length > 0)
        for (const key of await database.selectFrom('key').selectAll().where('id', 'in', others).execute())
          found.set(key.id, key)
      return found
    },
  })
  const versionByName = openGroupedRead({
    nameOf: ({ key, version }: { readonly key: string; readonly version: number }) => `${version}/${key}`,
    async read(wanted) {
      const rows = await database
        .selectFrom('key_version')
        .selectAll()
        .where(
          sql<boolean>`(key_id, version) in (select * from
            unnest(${wanted.map(({ key }) => key)}::text[], ${wanted.map(({ version }) => version)}::integer[]))`,
        )
        .execute()
      return new Map(rows.map((row) => [`${row.version}/${row.key_id}`, row]))
    },
  })

  return { currentOf, keyById, versionByName }
}

function keyReads(database: SealedDatabase, reader: Reader): KeyReads {
  const { currentOf, keyById, versionByName } = groupedReads(database)
  /** By the row, so that calls that share one share what is made of it. */
  const versions = new WeakMap<StoredRow<'key_version'>, StoredVersion>()

  async function vouched(
    key: StoredRow<'key'> | undefined,
    asked: Asked<'key'>,
  ): Promise<StoredKey | 'absent'> {
    if (key === undefined) return 'absent'
    await database.authority.vouch('key', [key], asked)
    return key
  }

  return {
    findKey: async (id) => vouched(await keyById(id), { id }),
    findByName: async (project, name) =>
      vouched(
        await database
          .selectFrom('key')
          .selectAll()
          .where('project_id', '=', project)
          .where('name', '=', name)
          .where('destroy_at', 'is', null)
          .executeTakeFirst(),
        { project_id: project, name, destroy_at: null },
      ),
    async listKeys(project, page) {
      const { offset, limit, search, orderBy, orderDirection, scopes, ending = false, mayLag = false } = page
      return (mayLag ? reader : readerOf(database)).read(async (from) => {
        const seen = from
          .selectFrom('key')
          .where('project_id', '=', project)
          .where(withinScopes(scopes, { name: sql.ref('name'), algorithm: sql.ref('algorithm') }))
        let matching = seen.where(isListed[page.state ?? (ending ? 'ending' : 'kept')])
        if (page.algorithm !== undefined) matching = matching.where('algorithm', '=', page.algorithm)
        if (search !== null)
          matching = matching.where((is) => {
            const pattern = within(search)
            return is.or([is('name', 'ilike', pattern), is('label', 'ilike', pattern)])
          })
        const [keys, { total }, counts] = await Promise.all([
          matching
            .selectAll()
            .orderBy(orderBy, orderDirection)
            .orderBy('id')
            .offset(offset)
            .limit(limit)
            .execute(),
          matching.select(({ fn }) => fn.countAll<string>().as('total')).executeTakeFirstOrThrow(),
          page.counted
            ? seen
                .select(
                  listedStates.map((state) =>
                    sql<string>`count(*) filter (where ${isListed[state]})`.as(state),
                  ),
                )
                .executeTakeFirstOrThrow()
            : null,
        ])
        return { keys, total: Number(total), counts: counts === null ? null : countsOf(counts) }
      })
    },
    async lastUses(ids) {
      if (ids.length === 0) return new Map()
      const { rows } = await reader.read((from) =>
        sql<{ id: string; time: Date }>`
          select wanted.id, used.time from unnest(${ids}::text[]) as wanted (id), lateral (
            select time from audit where key_id = wanted.id and outcome = 'ok' and operation ~ ${uses}
            order by time desc limit 1) as used`.execute(from),
      )
      return new Map(rows.map(({ id, time }) => [id, time]))
    },
    async findVersion(key, version) {
      const current = currentOf.get(key)
      const row = current?.version === version ? current : await versionByName({ key: key.id, version })
      if (row === undefined) return 'absent'
      await database.authority.vouch('key_version', [row], { key_id: key.id, version })
      const stored = versions.get(row) ?? storedVersion(key, row)
      versions.set(row, stored)
      return stored
    },
    async listVersions(key) {
      const rows = await database
        .selectFrom('key_version')
        .selectAll()
        .where('key_id', '=', key.id)
        .orderBy('version', 'desc')
        .execute()
      await database.authority.vouch('key_version', rows, { key_id: key.id })
      return rows.map((row) => ({ ...storedVersion(key, row), createdAt: row.created_at }))
    },
    async findProject(id) {
      const row = await database.selectFrom('project').selectAll().where('id', '=', id).executeTakeFirst()
      if (row === undefined) return 'absent'
      await database.authority.vouch('project', [row], { id })
      return row
    },
  }
}

/** Each is one transaction, and says when another call was faster. */
function keyChanges(database: SealedDatabase): KeyChanges {
  return {
    insert: (key, version) =>
      unlessTaken(() =>
        database.change(async (work) => {
          const made = await work.authority.insert('key', key)
          await insertVersion(work, made.project_id, version)
          return made
        }),
      ),
    addVersion: (key, version, scheduled) =>
      database.change(async (work) => {
        const [moved] = await work.authority.update(
          'key',
          { id: key.id, current_version: version.row.version - 1 },
          (old) => ({
            current_version: version.row.version,
            updated_at: new Date(),
            ...(scheduled === undefined ? {} : { rotate_at: nextRotation(old, scheduled) }),
          }),
        )
        if (!moved) return 'moved'
        await insertVersion(work, moved.project_id, version)
        return moved
      }),
    change: (id, { attributes, ...fields }) =>
      unlessTaken(async () => {
        const [changed] = await database.change((work) =>
          work.authority.update(
            'key',
            (its) =>
              fields.destroy_at === null
                ? its.where('id', '=', id).where('destroy_at', '>', sql<Date>`clock_timestamp()`)
                : its.where('id', '=', id),
            {
              ...fields,
              ...(attributes === undefined ? {} : { attributes: JSON.stringify(attributes) }),
              updated_at: new Date(),
            },
          ),
        )
        return changed ?? 'absent'
      }),
    async setVersionState(key, version, state) {
      const ends: VersionState[] = state === 'compromised' ? ['destroyed'] : ['destroyed', 'compromised']
      const changed = await database.change((work) =>
        work.authority.update(
          'key_version',
          (its) =>
            its.where('key_id', '=', key.id).where('version', '=', version).where('state', 'not in', ends),
          { state },
        ),
      )
      return changed.length > 0
    },
    changeStates: (key, { from, to }, lifecycle) =>
      database.change(async (work) => {
        const versions = await work
          .selectFrom('key_version')
          .select(['version', 'state'])
          .where('key_id', '=', key.id)
          .forUpdate()
          .execute()
        const current = versions.find(({ version }) => version === key.current_version)
        if (current === undefined || !from.includes(current.state)) return 'moved'
        await work.authority.update(
          'key_version',
          (its) => its.where('key_id', '=', key.id).where('state', 'in', from),
          { state: to },
        )
        return changeLifecycle(work, key, lifecycle)
      }),
    destroy: (key, lifecycle, now) =>
      database.change(async (work) => {
        const versions = await work
          .selectFrom('key_version')
          .select('state')
          .where('key_id', '=', key.id)
          .forUpdate()
          .execute()
        if (versions.some(({ state }) => state === 'enabled')) return 'moved'
        await destroyVersions(work, key.id)
        await work.authority.update('key', { id: key.id }, { is_disabled: true, destroy_at: now })
        return changeLifecycle(work, key, lifecycle)
      }),
    replace: (old, key, version) =>
      database.change(async (work) => {
        const moved = await work.authority.update(
          'key',
          (its) =>
            its
              .where('id', '=', old.id)
              .where('destroy_at', 'is', null)
              .where(sql<boolean>`not lifecycle ? 'replacedBy'`),
          ({ lifecycle }) => ({
            label: null,
            lifecycle: JSON.stringify({ ...lifecycle, replacedBy: key.id }),
            updated_at: new Date(),
          }),
        )
        if (moved.length === 0) return 'moved'
        const made = await work.authority.insert('key', key)
        await insertVersion(work, made.project_id, version)
        return made
      }),
    async countRawUses(id, uses, most) {
      const counted = await database
        .updateTable('key')
        .set({ raw_uses: sql<string>`raw_uses + ${uses}` })
        .where('id', '=', id)
        .where(sql<boolean>`raw_uses + ${uses} <= ${most}`)
        .executeTakeFirst()
      return Number(counted.numUpdatedRows) > 0
    },
  }
}

function dueKeys(database: SealedDatabase): DueKeys {
  async function candidates(now: Date, after: string, limit: number): Promise<readonly string[]> {
    const due = await database
      .selectFrom('key')
      .select('id')
      .where('destroy_at', '<=', now)
      .where('id', '>', after)
      .where(({ exists, selectFrom }) =>
        exists(
          selectFrom('key_version')
            .select('key_id')
            .whereRef('key_id', '=', 'key.id')
            .where('state', '!=', 'destroyed'),
        ),
      )
      .orderBy('id')
      .limit(limit)
      .execute()
    return due.map(({ id }) => id)
  }

  const destroyOne = (now: Date, id: string, each: Parameters<DueKeys['destroyDue']>[1]): Promise<boolean> =>
    database.change(async (work) => {
      // Its deletion may have been cancelled meanwhile, or another server has done it.
      const key = await work
        .selectFrom('key')
        .selectAll()
        .where('id', '=', id)
        .where('destroy_at', '<=', now)
        .forUpdate()
        .executeTakeFirst()
      const versions = await work.selectFrom('key_version').selectAll().where('key_id', '=', id).execute()
      if (key === undefined || versions.every(({ state }) => state === 'destroyed')) return false
      // What somebody else wrote destroys no key.
      const own = [
        ...(await vouchedOf(work.authority, 'key', [key], { id })),
        ...(await vouchedOf(work.authority, 'key_version', versions, { key_id: id })),
      ]
      if (own.length <= versions.length) return false
      await each(key, () => destroyVersions(work, id))
      return true
    })

  return {
    async destroyDue(now, each, batch = 1000) {
      let destroyed = 0
      // Those that the server did not write stay where they are, so that the next ones are asked for after them.
      for (let after = ''; ; ) {
        const due = await candidates(now, after, batch)
        for (const id of due) if (await destroyOne(now, id, each)) destroyed++
        after = due.at(-1) ?? ''
        if (due.length < batch) return destroyed
      }
    },
    async claimRotation(now, until) {
      /** Those that another asker has, or the server did not write: they keep no other from its turn. */
      const passed: string[] = []
      for (;;) {
        const next = await database
          .selectFrom('key')
          .selectAll()
          .where('rotate_at', '<=', now)
          .where('is_disabled', '=', false)
          .where(sql<boolean>`id <> all(${passed})`)
          .orderBy('rotate_at')
          .limit(1)
          .executeTakeFirst()
        if (next === undefined) return 'none'
        passed.push(next.id)
        if ((await vouchedOf(database.authority, 'key', [next], { is_disabled: false })).length === 0)
          continue
        const [claimed] = await database.change((work) =>
          work.authority.update(
            'key',
            (its) =>
              its
                .where('id', '=', next.id)
                .where('rotate_at', '<=', now)
                .where('is_disabled', '=', false)
                .skipLocked(),
            { rotate_at: until },
          ),
        )
        if (claimed !== undefined) return claimed
      }
    },
    putOffRotation: async (id, from) => {
      await database.change((work) =>
        work.authority.update('key', { id }, (old) => ({ rotate_at: nextRotation(old, from) })),
      )
    },
  }
}

/** Null where a key is rotated by hand alone. */
function nextRotation({ rotate_every_days: days }: Pick<StoredKey, 'rotate_every_days'>, from: Date) {
  return rotationOf(days, from).rotate_at
}

function storedVersion(
  key: StoredKey,
  found: Omit<Selectable<KeyVersionTable>, 'key_id' | 'created_at'>,
): StoredVersion {
  return {
    row: wrappedRow('data', key.id, key.project_id, key.id, found),
    mac: found.mac,
    state: found.state,
  }
}

/** The bytes of every version are gone from the rows. */
export async function destroyVersions(work: Work, key: string): Promise<void> {
  const gone = { wrapped: Buffer.alloc(0), state: 'destroyed' } as const
  await work.authority.update('key_version', { key_id: key }, gone)
}

/** What is said is added to what was said before. */
async function changeLifecycle(work: Work, key: StoredKey, lifecycle: KeyDates): Promise<StoredKey> {
  const [changed] = await work.authority.update('key', { id: key.id }, (old) => ({
    lifecycle: JSON.stringify({ ...old.lifecycle, ...lifecycle }),
    updated_at: new Date(),
  }))
  if (changed === undefined) throw new Error(`key ${key.id} is gone`)
  return changed
}

async function insertVersion(work: Work, project: string, version: NewVersion): Promise<void> {
  await holdProjectKek(work, project, version.row.wrappingKekVersion)
  await work.authority.insert('key_version', versionRow(version))
}

/** The KEK that a new row is under stays until the transaction ends. Throws KEK-ROTATED. */
export async function holdProjectKek(work: Work, project: string, version: number): Promise<void> {
  const held = await work
    .selectFrom('project_kek')
    .select('state')
    .where('project_id', '=', project)
    .where('version', '=', version)
    .where('state', '!=', 'destroyed')
    .forShare()
    .executeTakeFirst()
  if (!held)
    throw new EnvironmentError('KEK-ROTATED', `version ${version} of the KEK of ${project} is destroyed`)
}

function versionRow({ row, mac, state = 'enabled' }: NewVersion): Insertable<KeyVersionTable> {
  return {
    key_id: row.owner,
    version: row.version,
    algorithm: row.algorithm,
    wrapped: Buffer.from(row.wrapped),
    wrapping_kek_id: row.wrappingKekId,
    wrapping_kek_version: row.wrappingKekVersion,
    // `wrapKey` gives no other.
    origin: row.origin === 'imported' ? 'imported' : 'online',
    bundle_digest: null,
    state,
    mac: Buffer.from(mac),
  }
}

/** The name of a key is its project's own: the database says so, whoever asks at once. */
export async function unlessTaken<T>(work: () => Promise<T>): Promise<T | 'name-taken'> {
  try {
    return await work()
  } catch (error) {
    if (
      error instanceof pg.DatabaseError &&
      (error.constraint === 'key_name' || error.constraint === 'key_label')
    )
      return 'name-taken'
    throw error
  }
}
