import { type Insertable, type Selectable, sql } from 'kysely'
import pg from 'pg'
import type { Page } from '../access/page.ts'
import type { Database } from '../platform/database/open.ts'
import type { KeyTable, KeyVersionTable, ProjectTable, VersionState } from '../platform/database/tables.ts'
import { type WrappedRow, wrappedRow } from './row-mac.ts'

export type StoredKey = Selectable<KeyTable>

export type StoredVersion = {
  readonly row: WrappedRow
  readonly mac: Uint8Array
  readonly state: VersionState
}

export type KeyPage = Page & {
  readonly search: string | null
  readonly orderBy: 'name' | 'created_at' | 'updated_at'
  readonly orderDirection: 'asc' | 'desc'
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
}

/** The rows of keys. Nothing here decides who may see or use one. */
export type KeyRepository = {
  findKey(id: string): Promise<StoredKey | 'absent'>
  findByName(project: string, name: string): Promise<StoredKey | 'absent'>
  listKeys(project: string, page: KeyPage): Promise<{ keys: StoredKey[]; total: number }>
  findVersion(key: StoredKey, version: number): Promise<StoredVersion | 'absent'>
  /** Every version, newest first. */
  listVersions(key: StoredKey): Promise<readonly (StoredVersion & { readonly createdAt: Date })[]>
  /** Inserts a key with its first version. `name-taken` where another of the project has the name. */
  insert(key: Insertable<KeyTable>, version: NewVersion): Promise<StoredKey | 'name-taken'>
  /** Adds the version after the current one and makes it current. `moved` where another call did meanwhile. */
  addVersion(key: StoredKey, version: NewVersion): Promise<StoredKey | 'moved'>
  /** `name-taken` as above, `absent` where it is gone meanwhile. */
  change(id: string, fields: KeyChange): Promise<StoredKey | 'name-taken' | 'absent'>
  setVersionState(key: StoredKey, version: number, state: StoredVersion['state']): Promise<void>
  /** Destroys the versions of every key whose time has come, and says how many keys. */
  destroyDue(now: Date): Promise<number>
  /** Keys whose rotation is due, each given to one asker: its next time is set as it is taken. */
  claimRotations(now: Date): Promise<StoredKey[]>
  findProject(id: string): Promise<Selectable<ProjectTable> | 'absent'>
}

export function openKeyRepository(database: Database): KeyRepository {
  const versionsOf = (key: StoredKey) =>
    database.selectFrom('key_version').selectAll().where('key_id', '=', key.id)

  return {
    findKey: async (id) =>
      (await database.selectFrom('key').selectAll().where('id', '=', id).executeTakeFirst()) ?? 'absent',
    findByName: async (project, name) =>
      (await database
        .selectFrom('key')
        .selectAll()
        .where('project_id', '=', project)
        .where('name', '=', name)
        .where('destroy_at', 'is', null)
        .executeTakeFirst()) ?? 'absent',
    async listKeys(project, { offset, limit, search, orderBy, orderDirection }) {
      let matching = database
        .selectFrom('key')
        .where('project_id', '=', project)
        .where('destroy_at', 'is', null)
      if (search !== null)
        matching = matching.where('name', 'ilike', `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`)
      const [keys, { total }] = await Promise.all([
        matching
          .selectAll()
          .orderBy(orderBy, orderDirection)
          .orderBy('id')
          .offset(offset)
          .limit(limit)
          .execute(),
        matching.select(({ fn }) => fn.countAll<string>().as('total')).executeTakeFirstOrThrow(),
      ])
      return { keys, total: Number(total) }
    },
    async findVersion(key, version) {
      const found = await versionsOf(key).where('version', '=', version).executeTakeFirst()
      return found ? storedVersion(key, found) : 'absent'
    },
    async listVersions(key) {
      const rows = await versionsOf(key).orderBy('version', 'desc').execute()
      return rows.map((row) => ({ ...storedVersion(key, row), createdAt: row.created_at }))
    },
    insert: (key, version) =>
      unlessTaken(() =>
        database.transaction().execute(async (work) => {
          const made = await work.insertInto('key').values(key).returningAll().executeTakeFirstOrThrow()
          await work.insertInto('key_version').values(versionRow(version)).execute()
          return made
        }),
      ),
    addVersion: (key, version) =>
      database.transaction().execute(async (work) => {
        const moved = await work
          .updateTable('key')
          .set({ current_version: version.row.version, updated_at: new Date() })
          .where('id', '=', key.id)
          .where('current_version', '=', version.row.version - 1)
          .returningAll()
          .executeTakeFirst()
        if (!moved) return 'moved'
        await work.insertInto('key_version').values(versionRow(version)).execute()
        return moved
      }),
    change: (id, fields) =>
      unlessTaken(async () => {
        const changed = await database
          .updateTable('key')
          .set({ ...fields, updated_at: new Date() })
          .where('id', '=', id)
          .returningAll()
          .executeTakeFirst()
        return changed ?? 'absent'
      }),
    async setVersionState(key, version, state) {
      await database
        .updateTable('key_version')
        .set({ state })
        .where('key_id', '=', key.id)
        .where('version', '=', version)
        .where('state', '!=', 'destroyed')
        .execute()
    },
    async destroyDue(now) {
      const due = await database
        .updateTable('key_version')
        .set({ wrapped: Buffer.alloc(0), state: 'destroyed' })
        .where('state', '!=', 'destroyed')
        .where('key_id', 'in', (query) => query.selectFrom('key').select('id').where('destroy_at', '<=', now))
        .returning('key_id')
        .execute()
      return new Set(due.map(({ key_id }) => key_id)).size
    },
    claimRotations: (now) =>
      database
        .updateTable('key')
        .set({ rotate_at: sql<Date>`${now}::timestamptz + make_interval(days => rotate_every_days)` })
        .where('rotate_at', '<=', now)
        .where('is_disabled', '=', false)
        .returningAll()
        .execute(),
    findProject: async (id) =>
      (await database.selectFrom('project').selectAll().where('id', '=', id).executeTakeFirst()) ?? 'absent',
  }
}

function storedVersion(key: StoredKey, found: Selectable<KeyVersionTable>): StoredVersion {
  return {
    row: wrappedRow('data', key.id, key.project_id, key.id, found),
    mac: found.mac,
    state: found.state,
  }
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
    if (error instanceof pg.DatabaseError && error.constraint === 'key_name') return 'name-taken'
    throw error
  }
}
