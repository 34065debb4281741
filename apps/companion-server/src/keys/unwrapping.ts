import { createHash } from 'node:crypto'
import { aesKwpUnwrap, FormatError } from '@lux/crypto'
import type { Selectable } from 'kysely'
import type { Database } from '../platform/database/open.ts'
import type { KeyTable } from '../platform/database/tables.ts'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import { EnvironmentError } from '../refusal.ts'
import { openKeyCache } from './cache.ts'
import { projectRowMac, requireMac, rowMessage, type WrappedRow } from './row-mac.ts'

export type StoredKey = Selectable<KeyTable>

export type StoredVersion = {
  readonly row: WrappedRow
  readonly mac: Uint8Array
  readonly state: 'enabled' | 'decrypt-only' | 'disabled' | 'destroyed'
}

/** Data keys on their way from the token to one operation: root in the token, organisation through it, the rest here. */
export type KeyStore = {
  findKey(id: string): Promise<StoredKey | 'absent'>
  findByName(project: string, name: string): Promise<StoredKey | 'absent'>
  listKeys(project: string, page: KeyPage): Promise<{ keys: StoredKey[]; total: number }>
  findVersion(key: StoredKey, version: number): Promise<StoredVersion | 'absent'>
  /** Lends the data key of one version. Throws KEY-ROW-CHANGED, KEY-UNWRAP, or the token's own error. */
  useKey<Result>(key: StoredKey, version: StoredVersion, work: (bytes: Uint8Array) => Result): Promise<Result>
  /** MAC over an organisation or project row, by the token's row key. */
  tokenMac(row: WrappedRow): Promise<Uint8Array>
  forgetAll(): void
  close(): void
}

export type KeyPage = {
  readonly offset: number
  readonly limit: number
  readonly search: string | null
  readonly orderDirection: 'asc' | 'desc'
}

export function openKeyStore(
  database: Database,
  token: ServerToken,
  rowsKeyId: string,
  node: string,
): KeyStore {
  const cache = openKeyCache()

  const tokenMac = (row: WrappedRow) =>
    token.useAgain((opened) =>
      opened.hmac({ key: { id: rowsKeyId, class: 'secret' }, message: rowMessage(row) }),
    )

  async function loadProjectKek(projectId: string, version: number): Promise<Uint8Array> {
    const project = await database
      .selectFrom('project_kek')
      .innerJoin('project', 'project.id', 'project_kek.project_id')
      .selectAll('project_kek')
      .select('project.organisation_id')
      .where('project_kek.project_id', '=', projectId)
      .where('project_kek.version', '=', version)
      .executeTakeFirst()
    if (!project)
      throw new EnvironmentError('KEY-CHAIN', `project ${projectId} has no KEK version ${version}`)
    const organisation = await database
      .selectFrom('organisation_kek')
      .selectAll()
      .where('organisation_id', '=', project.organisation_id)
      .where('version', '=', project.wrapping_kek_version)
      .executeTakeFirst()
    if (!organisation)
      throw new EnvironmentError('KEY-CHAIN', `organisation ${project.organisation_id} has no such KEK`)
    const root = await database
      .selectFrom('root_config')
      .select('cka_id')
      .where('root_id', '=', organisation.wrapping_kek_id)
      .where('node_id', '=', node)
      .where('state', 'in', ['current', 'retained'])
      .executeTakeFirst()
    if (!root) throw new EnvironmentError('KEY-CHAIN', 'the root of this organisation is not in the token')
    const projectRow = wrappedRow('project', projectId, project.organisation_id, project.kek_id, project)
    const organisationRow = wrappedRow(
      'organisation',
      organisation.organisation_id,
      organisation.wrapping_kek_id,
      organisation.kek_id,
      organisation,
    )
    requireMac(await tokenMac(organisationRow), organisation.mac, organisationRow)
    requireMac(await tokenMac(projectRow), project.mac, projectRow)
    const bits = organisation.algorithm === 'AES-128' ? 128 : 256
    return token.useAgain((opened) =>
      opened.unwrapToMemory({
        kek: { id: root.cka_id, chain: [{ wrapped: organisation.wrapped, bits }] },
        wrapped: project.wrapped,
      }),
    )
  }

  async function loadDataKey(key: StoredKey, { row, mac }: StoredVersion): Promise<Uint8Array> {
    const fingerprint = `project/${key.project_id}/${row.wrappingKekVersion}`
    return cache.use(
      fingerprint,
      () => loadProjectKek(key.project_id, row.wrappingKekVersion),
      (projectKek) => {
        requireMac(projectRowMac(projectKek, row), mac, row)
        try {
          return aesKwpUnwrap(projectKek, row.wrapped)
        } catch (error) {
          if (!(error instanceof FormatError)) throw error
          throw new EnvironmentError('KEY-UNWRAP', `version ${row.version} of ${key.id} does not unwrap`)
        }
      },
    )
  }

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
    useKey(key, version, work) {
      const fingerprint = `data/${key.id}/${createHash('sha256').update(rowMessage(version.row)).digest('hex')}`
      return cache.use(fingerprint, () => loadDataKey(key, version), work)
    },
    tokenMac,
    forgetAll: () => cache.clear(),
    close: () => cache.close(),
  }
}

type WrappedColumns = {
  readonly version: number
  readonly algorithm: string
  readonly wrapped: Uint8Array
  readonly wrapping_kek_id: string
  readonly wrapping_kek_version: number
  readonly origin: string
  readonly bundle_digest: string | null
}

/** The row as its MAC covers it. */
export function wrappedRow(
  level: WrappedRow['level'],
  owner: string,
  parent: string,
  id: string,
  columns: WrappedColumns,
): WrappedRow {
  return {
    level,
    owner,
    parent,
    id,
    version: columns.version,
    algorithm: columns.algorithm,
    wrapped: columns.wrapped,
    wrappingKekId: columns.wrapping_kek_id,
    wrappingKekVersion: columns.wrapping_kek_version,
    origin: columns.origin,
    bundleDigest: columns.bundle_digest,
  }
}
