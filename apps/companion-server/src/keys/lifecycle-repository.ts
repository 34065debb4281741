import { type Insertable, type Selectable, sql } from 'kysely'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import type { ImportKeyTable, KeyTable } from '../platform/database/tables.ts'
import {
  destroyVersions,
  holdProjectKek,
  type StoredKey,
  type StoredVersion,
  unlessTaken,
} from './repository.ts'

export type FoundImportKey = {
  readonly project: string
  readonly identity: string
  readonly expiresAt: Date
  /** The private half, as the version of a data key. */
  readonly version: StoredVersion
}

/** Rows of keys on their way in and out. Nothing here decides who may. */
export type LifecycleRepository = {
  /** A key without a version. */
  insertWaiting(key: Insertable<KeyTable>): Promise<StoredKey | 'name-taken'>
  insertImportKey(row: Insertable<ImportKeyTable>): Promise<void>
  findImportKey(id: string): Promise<FoundImportKey | 'absent'>
  /** True for one of all who ask. */
  takeImportKey(id: string): Promise<boolean>
  /** The newest receipt of what was shredded. */
  findTombstone(level: 'data', id: string): Promise<string | 'absent'>
  /** Of every key that was shredded. `isRaised`: to a higher level since. */
  tombstones(): Promise<readonly { readonly id: string; readonly isRaised: boolean }[]>
  /** The first, and that of the higher level where there is one. */
  receiptsOf(id: string): Promise<readonly string[]>
  /** Whether a version of it is not destroyed. */
  hasVersions(id: string): Promise<boolean>
  /** The versions' bytes, the key's use and its name go, and the tombstone stands, together. */
  shredKey(id: string, receipt: string, what: { digest: string; shreddedAt: string }): Promise<void>
  /** A receipt of a higher level, beside the first. */
  raiseShred(level: 'data', id: string, receipt: string): Promise<void>
}

/** The private half of an import key is wrapped as the version of a data key is. */
export function importKeyVersion(row: Selectable<ImportKeyTable>): StoredVersion {
  const { id, project_id: project } = row
  return {
    row: {
      level: 'data',
      owner: id,
      parent: project,
      id,
      version: 1,
      algorithm: 'RSA-3072',
      wrapped: row.wrapped,
      wrappingKekId: project,
      wrappingKekVersion: row.wrapping_kek_version,
      origin: 'online',
      bundleDigest: null,
    },
    mac: row.mac,
    state: 'enabled',
  }
}

export function openLifecycleRepository(database: SealedDatabase): LifecycleRepository {
  return {
    insertWaiting: (key) => unlessTaken(() => database.change((work) => work.authority.insert('key', key))),
    async insertImportKey(row) {
      await database.change(async (work) => {
        await work.deleteFrom('import_key').where('expires_at', '<', new Date()).execute()
        await holdProjectKek(work, row.project_id, row.wrapping_kek_version)
        await work.insertInto('import_key').values(row).execute()
      })
    },
    async findImportKey(id) {
      const row = await database.selectFrom('import_key').selectAll().where('id', '=', id).executeTakeFirst()
      if (!row) return 'absent'
      const version = importKeyVersion(row)
      return { project: row.project_id, identity: row.identity_id, expiresAt: row.expires_at, version }
    },
    async takeImportKey(id) {
      const taken = await database.deleteFrom('import_key').where('id', '=', id).executeTakeFirst()
      return Number(taken.numDeletedRows) === 1
    },
    async findTombstone(level, id) {
      const row = await database
        .selectFrom('tombstone')
        .select(({ fn }) => fn.coalesce('raised', 'receipt').as('receipt'))
        .where('level', '=', level)
        .where('id', '=', id)
        .executeTakeFirst()
      return row?.receipt ?? 'absent'
    },
    async tombstones() {
      const rows = await database
        .selectFrom('tombstone')
        .select(['id', sql<boolean>`raised is not null`.as('isRaised')])
        .where('level', '=', 'data')
        .execute()
      return rows
    },
    async receiptsOf(id) {
      const row = await database
        .selectFrom('tombstone')
        .select(['receipt', 'raised'])
        .where('level', '=', 'data')
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? [] : [row.receipt, row.raised].filter((one) => one !== null)
    },
    async hasVersions(id) {
      const row = await database
        .selectFrom('key_version')
        .select('version')
        .where('key_id', '=', id)
        .where('state', '!=', 'destroyed')
        .limit(1)
        .executeTakeFirst()
      return row !== undefined
    },
    async raiseShred(level, id, receipt) {
      await database
        .updateTable('tombstone')
        .set({ raised: receipt })
        .where('level', '=', level)
        .where('id', '=', id)
        .execute()
    },
    async shredKey(id, receipt, { digest, shreddedAt }) {
      await database.change(async (work) => {
        await destroyVersions(work, id)
        const gone = { is_disabled: true, destroy_at: shreddedAt, rotate_at: null, rotate_every_days: null }
        await work.authority.update('key', { id }, gone)
        await work
          .insertInto('tombstone')
          .values({ level: 'data', id, digest, receipt, shredded_at: shreddedAt })
          .onConflict((conflict) => conflict.columns(['level', 'id']).doNothing())
          .execute()
      })
    },
  }
}
