import type { Selectable } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import type { KeyTable, ProjectTable } from '../platform/database/tables.ts'
import { type WrappedRow, wrappedRow } from './row-mac.ts'

export type StoredKey = Selectable<KeyTable>

export type StoredVersion = {
  readonly row: WrappedRow
  readonly mac: Uint8Array
  readonly state: 'enabled' | 'decrypt-only' | 'disabled' | 'destroyed'
}

export type KeyPage = {
  readonly offset: number
  readonly limit: number
  readonly search: string | null
  readonly orderDirection: 'asc' | 'desc'
}

/** The rows of keys. Nothing here decides who may see or use one. */
export type KeyRepository = {
  findKey(id: string): Promise<StoredKey | 'absent'>
  findByName(project: string, name: string): Promise<StoredKey | 'absent'>
  listKeys(project: string, page: KeyPage): Promise<{ keys: StoredKey[]; total: number }>
  findVersion(key: StoredKey, version: number): Promise<StoredVersion | 'absent'>
  findProject(id: string): Promise<Selectable<ProjectTable> | 'absent'>
}

export function openKeyRepository(database: Database): KeyRepository {
  return {
    findKey: async (id) =>
      (await database.selectFrom('key').selectAll().where('id', '=', id).executeTakeFirst()) ?? 'absent',
    findByName: async (project, name) =>
      (await database
        .selectFrom('key')
        .selectAll()
        .where('project_id', '=', project)
        .where('name', '=', name)
        .executeTakeFirst()) ?? 'absent',
    async listKeys(project, { offset, limit, search, orderDirection }) {
      let matching = database.selectFrom('key').where('project_id', '=', project)
      if (search !== null)
        matching = matching.where('name', 'ilike', `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`)
      const [keys, { total }] = await Promise.all([
        matching.selectAll().orderBy('name', orderDirection).offset(offset).limit(limit).execute(),
        matching.select(({ fn }) => fn.countAll<string>().as('total')).executeTakeFirstOrThrow(),
      ])
      return { keys, total: Number(total) }
    },
    async findVersion(key, version) {
      const found = await database
        .selectFrom('key_version')
        .selectAll()
        .where('key_id', '=', key.id)
        .where('version', '=', version)
        .executeTakeFirst()
      if (!found) return 'absent'
      return {
        row: wrappedRow('data', key.id, key.project_id, key.id, found),
        mac: found.mac,
        state: found.state,
      }
    },
    findProject: async (id) =>
      (await database.selectFrom('project').selectAll().where('id', '=', id).executeTakeFirst()) ?? 'absent',
  }
}
