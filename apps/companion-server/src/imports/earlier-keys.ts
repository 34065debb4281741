import type { BundleContents, Predicate, WrapNode } from '@lux/ceremony/bundle'
import { sql } from 'kysely'
import type { Work } from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'

export type EarlierKey = NonNullable<WrapNode['replaces']>

/** A node of a bundle that this server took in; null where it never had that bundle, or nothing of it is that key. */
async function earlierNode(work: Work, { bundle, id, version }: EarlierKey): Promise<WrapNode | null> {
  const row = await work
    .selectFrom('bundle_import')
    .select('provenance')
    .where('digest', '=', bundle)
    .where('state', '=', 'imported')
    .executeTakeFirst()
  // Written by an import, from a predicate that was checked.
  const predicate = row?.provenance as Predicate | null | undefined
  return predicate?.wrapTree.find((node) => node.id === id && node.version === version) ?? null
}

/** Whether a root of this bundle comes in the place of that one, which an earlier bundle brought. */
export async function isReplacedRoot(work: Work, node: WrapNode, rootId: string): Promise<boolean> {
  const before = node.replaces === undefined ? null : await earlierNode(work, node.replaces)
  return before?.level === 'root' && before.root?.rootId === rootId
}

/**
 * The keys that those of this bundle replace open what is there and make nothing new from now on. What is below an organisation's moves
 * afterwards. Gives those that were here. Refuses KEY-REPLACES where another key stands in that place.
 */
export async function recordReplaced(
  work: Work,
  { predicate }: BundleContents,
): Promise<Outcome<EarlierKey[]>> {
  const replaced: EarlierKey[] = []
  for (const node of predicate.wrapTree) {
    const { level, replaces } = node
    if (replaces === undefined) continue
    const before = await earlierNode(work, replaces)
    if (before !== null && before.level !== level)
      return refuse('KEY-REPLACES', `${replaces.id} is of level ${before.level}, ${node.id} of ${level}`)
    if (level !== 'root') {
      if (replaces.id !== node.id) return refuse('KEY-REPLACES', `${node.id} is no version of ${replaces.id}`)
      const done = await decryptOnly(work, level, replaces)
      if (!done.ok) return done
    }
    if (before !== null) replaced.push(replaces)
  }
  return accept(replaced)
}

type Below = Exclude<WrapNode['level'], 'root'>

async function decryptOnly(
  work: Work,
  level: Below,
  { bundle, id, version }: EarlierKey,
): Promise<Outcome<null>> {
  const stored = await versionOf(work, level, id, version)
  if (stored === undefined) return accept(null)
  if (stored.bundle_digest !== bundle)
    return refuse('KEY-REPLACES', `version ${version} of ${id} here is not of the bundle ${bundle}`)
  if (stored.state === 'enabled') await setState(work, level, { id, version }, 'decrypt-only')
  return accept(null)
}

const tables = {
  organisation: ['organisation_kek', 'organisation_id'],
  project: ['project_kek', 'project_id'],
  data: ['key_version', 'key_id'],
} as const

function versionOf(work: Work, level: Below, id: string, version: number) {
  const [table, owner] = tables[level]
  return work
    .selectFrom(table)
    .select(['bundle_digest', 'state'])
    .where(sql.ref(owner), '=', id)
    .where('version', '=', version)
    .executeTakeFirst()
}

async function setState(
  work: Work,
  level: Below,
  { id, version }: { id: string; version: number },
  state: 'decrypt-only' | 'revoked',
): Promise<void> {
  const [table, owner] = tables[level]
  await work.authority.update(
    table,
    (its) =>
      its.where(sql<boolean>`${sql.ref(owner)} = ${id} and version = ${version} and state != 'destroyed'`),
    { state },
  )
}

/**
 * What a bundle revokes is of no more use here, for ever, and neither is anything that is still below it. A key that this server never had
 * is as good as revoked.
 */
export async function recordRevoked(work: Work, { predicate }: BundleContents): Promise<EarlierKey[]> {
  const revokes = [...(predicate.revokes ?? [])]
  for (const key of revokes) {
    const node = await earlierNode(work, key)
    if (node === null) continue
    if (node.level === 'root') await revokeRoot(work, node.root?.rootId ?? '')
    else await revokeBelow(work, node.level, key)
  }
  return revokes
}

async function revokeRoot(work: Work, rootId: string): Promise<void> {
  await work.authority.update(
    'root_config',
    (its) => its.where('root_id', '=', rootId).where('state', '!=', 'destroyed'),
    { state: 'revoked' },
  )
  const below = await work
    .selectFrom('organisation_kek')
    .select(['organisation_id as id', 'version'])
    .where('wrapping_kek_id', '=', rootId)
    .where('state', '!=', 'destroyed')
    .execute()
  for (const kek of below) await revokeBelow(work, 'organisation', kek)
}

async function revokeBelow(
  work: Work,
  level: Below,
  { id, version }: { readonly id: string; readonly version: number },
): Promise<void> {
  await setState(work, level, { id, version }, 'revoked')
  if (level === 'organisation') {
    const below = await work
      .selectFrom('project_kek')
      .innerJoin('project', 'project.id', 'project_kek.project_id')
      .select(['project_kek.project_id as id', 'project_kek.version'])
      .where('project.organisation_id', '=', id)
      .where('project_kek.wrapping_kek_version', '=', version)
      .where('project_kek.state', '!=', 'destroyed')
      .execute()
    for (const kek of below) await revokeBelow(work, 'project', kek)
  }
  if (level === 'project') {
    const below = await work
      .selectFrom('key_version')
      .innerJoin('key', 'key.id', 'key_version.key_id')
      .select(['key_version.key_id as id', 'key_version.version'])
      .where('key.project_id', '=', id)
      .where('key_version.wrapping_kek_version', '=', version)
      .where('key_version.state', '!=', 'destroyed')
      .execute()
    for (const key of below) await setState(work, 'data', key, 'revoked')
  }
}
