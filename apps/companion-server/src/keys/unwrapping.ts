import { createHash } from 'node:crypto'
import { wipe } from '@lux/crypto'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import type { Database } from '../platform/database/open.ts'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import { EnvironmentError } from '../refusal.ts'
import { openKeyCache } from './cache.ts'
import { openRow, type Sealed, sealRow } from './data-wrap.ts'
import type { StoredKey, StoredVersion } from './repository.ts'
import { requireMac, rowMessage, type WrappedRow, wrappedRow } from './row-mac.ts'

/** Data keys on their way from the token to one operation: root in the token, organisation through it, the rest here. */
export type KeyUnwrapping = {
  /** Whether it was shredded here, whatever the database says: no data key of it is lent. */
  isShredded(key: string): boolean
  /** Lends the data key of one version. Throws KEY-SHREDDED, KEY-ROW-CHANGED, KEY-UNWRAP, or the token's own error. */
  useKey<Result>(
    key: Pick<StoredKey, 'id' | 'project_id'>,
    version: StoredVersion,
    work: (bytes: Uint8Array) => Result,
  ): Promise<Result>
  /** A new version's key under the project's KEK, as a row and its MAC. Throws KEY-SHREDDED. */
  wrapKey(
    project: string,
    version: {
      readonly id: string
      readonly version: number
      readonly algorithm: string
      /** Absent: online. */
      readonly origin?: 'online' | 'imported'
    },
    key: Uint8Array,
  ): Promise<Sealed>
  /** The same data key under another version of its project's KEK, as a row and its MAC. */
  moveKey(key: Pick<StoredKey, 'id' | 'project_id'>, version: StoredVersion, to: number): Promise<Sealed>
  /** MAC over an organisation or project row, by the token's row key. */
  tokenMac(row: WrappedRow): Promise<Uint8Array>
  forgetAll(): void
  close(): void
}

/** By the row object, which calls that read at once share. */
const fingerprints = new WeakMap<WrappedRow, string>()

function fingerprintOf(id: string, row: WrappedRow): string {
  const known = fingerprints.get(row)
  if (known !== undefined) return known
  const made = `data/${id}/${createHash('sha256').update(rowMessage(row)).digest('hex')}`
  fingerprints.set(row, made)
  return made
}

export function openKeyUnwrapping(
  database: SealedDatabase,
  token: ServerToken,
  rowsKeyId: string,
  node: string,
  shredLog: { names(key: string): boolean },
): KeyUnwrapping {
  const cache = openKeyCache()

  const tokenMac = (row: WrappedRow) =>
    token.useAgain((opened) =>
      opened.hmac({ key: { id: rowsKeyId, class: 'secret' }, message: rowMessage(row) }),
    )

  async function loadProjectKek(projectId: string, version: number): Promise<Uint8Array> {
    // As of one moment, so that a rotation is not seen half.
    const { place, project, organisation, root } = await database
      .transaction()
      .setIsolationLevel('repeatable read')
      .execute((work) => readChain(work, { projectId, version, node }))
    const { authority } = database
    await authority.vouch('project', [place], { id: projectId })
    await authority.vouch('project_kek', [project], { project_id: projectId, version })
    await authority.vouch('organisation_kek', [organisation], {
      ...{ organisation_id: place.organisation_id, version: project.wrapping_kek_version },
    })
    await authority.vouch('root_config', [root], { root_id: organisation.wrapping_kek_id, node_id: node })
    const projectRow = wrappedRow('project', projectId, place.organisation_id, project.kek_id, project)
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

  /** Lends a version of a project's KEK. */
  const withProjectKek = <Result>(
    project: string,
    version: number,
    work: (kek: Uint8Array) => Result,
  ): Promise<Result> =>
    cache.use(`project/${project}/${version}`, () => loadProjectKek(project, version), work)

  function requireUnshredded(key: string): void {
    if (shredLog.names(key))
      throw new EnvironmentError(
        'KEY-SHREDDED',
        `${key} was shredded here, and is in the database all the same`,
      )
  }

  function useKey<Result>(
    key: Pick<StoredKey, 'id' | 'project_id'>,
    version: StoredVersion,
    work: (bytes: Uint8Array) => Result,
  ): Promise<Result> {
    const { row } = version
    const load = async () => {
      requireUnshredded(key.id)
      return withProjectKek(key.project_id, row.wrappingKekVersion, (kek) => openRow(kek, version))
    }
    return cache.use(fingerprintOf(key.id, row), load, (bytes) => {
      // Again: it may have been shredded since it was unwrapped.
      requireUnshredded(key.id)
      return work(bytes)
    })
  }

  return {
    isShredded: shredLog.names,
    async useKey(key, version, work) {
      try {
        return await useKey(key, version, work)
      } catch (error) {
        if (!(error instanceof EnvironmentError) || error.code !== 'KEK-ROTATED') throw error
        // The row was read just before it was moved under a newer KEK.
        const moved = await database
          .selectFrom('key_version')
          .selectAll()
          .where('key_id', '=', key.id)
          .where('version', '=', version.row.version)
          .executeTakeFirst()
        if (!moved) throw error
        await database.authority.vouch('key_version', [moved], {
          key_id: key.id,
          version: version.row.version,
        })
        const row = wrappedRow('data', key.id, key.project_id, key.id, moved)
        return useKey(key, { row, mac: moved.mac, state: moved.state }, work)
      }
    },
    async moveKey(key, version, to) {
      const bytes = await useKey(key, version, (held) => new Uint8Array(held))
      try {
        const place = { ...version.row, wrappingKekVersion: to }
        return await withProjectKek(key.project_id, to, (kek) => sealRow(kek, place, bytes))
      } finally {
        wipe(bytes)
      }
    },
    async wrapKey(project, { id, version, algorithm, origin = 'online' }, key) {
      requireUnshredded(id)
      const kek = await database
        .selectFrom('project_kek')
        .selectAll()
        .where('project_id', '=', project)
        .where('state', '=', 'enabled')
        .orderBy('version', 'desc')
        .executeTakeFirst()
      if (!kek) throw new EnvironmentError('KEY-CHAIN', `project ${project} has no KEK`)
      await database.authority.vouch('project_kek', [kek], { project_id: project, state: 'enabled' })
      const place = {
        level: 'data' as const,
        owner: id,
        parent: project,
        id,
        version,
        algorithm,
        wrappingKekId: project,
        wrappingKekVersion: kek.version,
        origin,
        bundleDigest: null,
      }
      return withProjectKek(project, kek.version, (projectKek) => sealRow(projectKek, place, key))
    },
    tokenMac,
    forgetAll: () => cache.clear(),
    close: () => cache.close(),
  }
}

/** All that is above a data key. Throws KEY-CHAIN, KEY-REVOKED, KEK-ROTATED. */
async function readChain(
  work: Database,
  { projectId, version, node }: { projectId: string; version: number; node: string },
) {
  const project = await work
    .selectFrom('project_kek')
    .selectAll()
    .where('project_id', '=', projectId)
    .where('version', '=', version)
    .executeTakeFirst()
  if (!project) throw new EnvironmentError('KEY-CHAIN', `project ${projectId} has no KEK version ${version}`)
  if (project.state === 'revoked')
    throw new EnvironmentError('KEY-REVOKED', `version ${version} of the KEK of ${projectId} is revoked`)
  if (project.state === 'destroyed')
    throw new EnvironmentError('KEK-ROTATED', `version ${version} of the KEK of ${projectId} is destroyed`)
  const place = await work
    .selectFrom('project')
    .selectAll()
    .where('id', '=', projectId)
    .executeTakeFirstOrThrow()
  const organisation = await work
    .selectFrom('organisation_kek')
    .selectAll()
    .where('organisation_id', '=', place.organisation_id)
    .where('version', '=', project.wrapping_kek_version)
    .executeTakeFirst()
  if (!organisation)
    throw new EnvironmentError('KEY-CHAIN', `organisation ${place.organisation_id} has no such KEK`)
  const root = await work
    .selectFrom('root_config')
    .selectAll()
    .where('root_id', '=', organisation.wrapping_kek_id)
    .where('node_id', '=', node)
    .where('state', 'in', ['current', 'retained'])
    .executeTakeFirst()
  if (!root) throw new EnvironmentError('KEY-CHAIN', 'the root of this organisation is not in the token')
  return { place, project, organisation, root }
}
