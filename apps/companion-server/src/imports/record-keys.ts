import type { BundleContents } from '@lux/ceremony/bundle'
import { equalBytes } from '@lux/crypto'
import type { Insertable } from 'kysely'
import { algorithms, servedAlgorithm } from '../keys/algorithms.ts'
import { envelopeKeyId } from '../keys/envelope.ts'
import type { Work } from '../platform/database/authority/authority.ts'
import type { KeyVersionTable } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { isReplacedRoot } from './earlier-keys.ts'
import type { ArrivedRoot } from './receive-root.ts'
import type { PlannedRow } from './wrapped-rows.ts'

/** A root that replaces the current one leaves it for decryption. Refuses ROOT-CURRENT, KEY-REVOKED: a node serves under one root. */
export async function recordRoots(
  work: Work,
  node: string,
  { digest, predicate }: BundleContents,
  roots: readonly ArrivedRoot[],
): Promise<Outcome<null>> {
  for (const root of roots) {
    const other = await work
      .selectFrom('root_config')
      .selectAll()
      .where('node_id', '=', node)
      .where('state', '=', 'current')
      .where('origin', '=', 'ceremony')
      .where('root_id', '!=', root.rootId)
      .executeTakeFirst()
    if (other) await work.authority.vouch('root_config', [other], { node_id: node, state: 'current' })
    const tree = predicate.wrapTree.find(({ id }) => id === root.id)
    if (other && (tree === undefined || !(await isReplacedRoot(work, tree, other.root_id))))
      return refuse('ROOT-CURRENT', `this node serves under the root ${other.root_id}, not ${root.rootId}`)
    if (other)
      await work.authority.update(
        'root_config',
        { root_id: other.root_id, node_id: node },
        { state: 'retained' },
      )
    const known = await work
      .selectFrom('root_config')
      .selectAll()
      .where('root_id', '=', root.rootId)
      .execute()
    await work.authority.vouch('root_config', known, { root_id: root.rootId })
    if (known.some(({ state }) => state === 'revoked'))
      return refuse('KEY-REVOKED', `the root ${root.rootId} was revoked here`)
    if (!known.some(({ node_id }) => node_id === node))
      await work.authority.insert('root_config', {
        root_id: root.rootId,
        node_id: node,
        cka_id: root.ckaId,
        version: root.version,
        state: 'current',
        mechanism: root.mechanism,
        possession: root.possession,
        attributes: JSON.stringify(root.attributes),
        bundle_digest: digest,
      })
  }
  return accept(null)
}

/** The root that a ceremony restored serves on under the identifier that it has now. */
export async function recordRestored(work: Work, node: string, root: ArrivedRoot): Promise<void> {
  await work.authority.update(
    'root_config',
    { root_id: root.rootId, node_id: node },
    { cka_id: root.ckaId, attributes: JSON.stringify(root.attributes) },
  )
}

/** Organisations, projects and keys of a bundle. Refuses KEY-CONFLICT where an id is taken with other content. */
export async function recordKeys(work: Work, rows: readonly PlannedRow[]): Promise<Outcome<null>> {
  const organisations = new Map<string, string>()
  for (const { node, row, mac } of rows) {
    const columns = {
      version: row.version,
      algorithm: row.algorithm,
      wrapped: Buffer.from(row.wrapped),
      wrapping_kek_id: row.wrappingKekId,
      wrapping_kek_version: row.wrappingKekVersion,
      origin: 'ceremony' as const,
      bundle_digest: row.bundleDigest,
      state: 'enabled' as const,
      mac: Buffer.from(mac),
    }
    if (row.level === 'organisation') {
      const there = await work
        .selectFrom('organisation')
        .select('id')
        .where('id', '=', row.owner)
        .executeTakeFirst()
      if (!there) await work.authority.insert('organisation', { id: row.owner, name: node.name })
      const stored = await work
        .selectFrom('organisation_kek')
        .selectAll()
        .where('organisation_id', '=', row.owner)
        .where('version', '=', row.version)
        .executeTakeFirst()
      if (stored && !same(stored, columns)) return conflict(row.owner)
      if (!stored) {
        await work.authority.insert('organisation_kek', {
          ...{ ...columns, kek_id: row.id, organisation_id: row.owner },
        })
      }
    } else if (row.level === 'project') {
      organisations.set(row.owner, row.parent)
      const project = await work
        .selectFrom('project')
        .selectAll()
        .where('id', '=', row.owner)
        .executeTakeFirst()
      if (project && project.organisation_id !== row.parent) return conflict(row.owner)
      if (!project) {
        await work.authority.insert('project', {
          ...{ id: row.owner, organisation_id: row.parent, name: node.name },
        })
      }
      const stored = await work
        .selectFrom('project_kek')
        .selectAll()
        .where('project_id', '=', row.owner)
        .where('version', '=', row.version)
        .executeTakeFirst()
      if (stored && !same(stored, columns)) return conflict(row.owner)
      if (!stored) {
        await work.authority.insert('project_kek', { ...columns, kek_id: row.id, project_id: row.owner })
      }
    } else {
      const recorded = await recordDataKey(work, { node, row, mac }, columns, organisations.get(row.parent))
      if (!recorded.ok) return recorded
    }
  }
  return accept(null)
}

type Columns = { wrapped: Buffer; wrapping_kek_id: string; wrapping_kek_version: number; algorithm: string }

async function recordDataKey(
  work: Work,
  { node, row }: PlannedRow,
  columns: Parameters<typeof same>[1] & Omit<Insertable<KeyVersionTable>, 'key_id' | 'created_at'>,
  organisation: string | undefined,
): Promise<Outcome<null>> {
  if (organisation === undefined) return refuse('WRAP-TREE', `${row.owner} has no organisation`)
  const shredded = await work
    .selectFrom('tombstone')
    .select('id')
    .where('level', '=', 'data')
    .where('id', '=', row.owner)
    .executeTakeFirst()
  if (shredded) return refuse('KEY-SHREDDED', `${row.owner} was shredded here, and does not come back`)
  const key = await work.selectFrom('key').selectAll().where('id', '=', row.owner).executeTakeFirst()
  const served = servedAlgorithm(row.algorithm)
  const algorithm = served ?? row.algorithm
  if (key && (key.project_id !== row.parent || key.algorithm !== algorithm)) return conflict(row.owner)
  if (!key) {
    const taken = await work
      .selectFrom('key')
      .select('id')
      .where('project_id', '=', row.parent)
      .where('name', '=', node.name)
      .where('destroy_at', 'is', null)
      .executeTakeFirst()
    if (taken) return refuse('KEY-NAME-TAKEN', `${node.name} is the name of ${taken.id}`)
    await work.authority.insert('key', {
      id: row.owner,
      envelope_id: Buffer.from(envelopeKeyId(row.owner)),
      organisation_id: organisation,
      project_id: row.parent,
      name: node.name,
      description: null,
      key_usage: served === null ? 'none' : algorithms[served].usage,
      algorithm,
      current_version: row.version,
    })
  }
  const stored = await work
    .selectFrom('key_version')
    .selectAll()
    .where('key_id', '=', row.owner)
    .where('version', '=', row.version)
    .executeTakeFirst()
  if (stored) return same(stored, columns) ? accept(null) : conflict(row.owner)
  await work.authority.insert('key_version', { ...columns, key_id: row.owner })
  if (key && key.current_version < row.version)
    await work.authority.update(
      'key',
      { id: row.owner },
      { current_version: row.version, updated_at: new Date() },
    )
  return accept(null)
}

/** What was rewrapped here since, under a newer KEK, is what came before: it stays as it is. */
function same(stored: Columns, wanted: Columns): boolean {
  if (stored.algorithm === wanted.algorithm && stored.wrapping_kek_version > wanted.wrapping_kek_version)
    return true
  return (
    equalBytes(stored.wrapped, wanted.wrapped) &&
    stored.algorithm === wanted.algorithm &&
    stored.wrapping_kek_id === wanted.wrapping_kek_id &&
    stored.wrapping_kek_version === wanted.wrapping_kek_version
  )
}

function conflict(id: string) {
  return refuse('KEY-CONFLICT', `${id} is already here with other content`)
}
