import { canonicalString, encodeCanonical, type HybridSignature, utf8 } from '@lux/crypto'
import type { Selectable } from 'kysely'
import type { Subject } from '../../audit/record.ts'
import { requireWhole, type SealedDatabase } from '../../platform/database/authority/authority.ts'
import type { ProjectTable, TombstoneTable } from '../../platform/database/tables.ts'
import type { ServerToken } from '../../platform/hsm/server-token.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import type { LifecycleRepository } from '../lifecycle-repository.ts'
import type { OnlineParents, OnlineRoot } from '../online-parents.ts'
import { type ShredReceipt, type SignedShredReceipt, shredContext } from '../operations/ending.ts'
import type { Rotation } from './steps.ts'

export type RootRotation = Rotation & {
  /** Of keys that were shredded before: now no older database opens them. Given once the old root is destroyed. */
  readonly receipts: readonly SignedShredReceipt[]
}

export type RootParts = {
  readonly database: SealedDatabase
  readonly token: ServerToken
  readonly node: string
  readonly parents: OnlineParents
  readonly lifecycle: LifecycleRepository
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature>
  noteShredded(line: string): Promise<void>
  now(): Date
}

type Project = Selectable<ProjectTable>

/** How the KEKs that a root's rotation needs are rotated. */
type Keks = {
  project(project: Project): Promise<Outcome<Rotation>>
  organisation(organisation: string, root: OnlineRoot): Promise<Outcome<Rotation>>
}

/** A new root in the token for everything online; the old one is destroyed there once nothing is under it. */
export async function rotateRoot(
  parts: RootParts,
  keks: Keks,
  subject: Subject,
): Promise<Outcome<RootRotation>> {
  const { database, token, node, parents } = parts
  if (token.root === 'environment')
    return refuse('ROOT-ROTATION', 'its root is ROOT_ENCRYPTION_KEY, which nothing can destroy')
  // First, under the old root: an old KEK of these projects never comes under the new one.
  for (const project of await projectsThatShredded(database)) {
    const done = await keks.project(project)
    if (!done.ok) return done
    if (done.value.remaining > 0) return accept({ ...done.value, receipts: [] })
  }
  Object.assign(subject, { organisation: null, project: null })
  if ((await parents.retainedRoot()) === undefined && (await parents.nextRoot()) === null)
    return refuse('ROOT-ROTATION', 'it has no root of its own: that of a ceremony is rotated by a ceremony')
  const [root, old] = [await parents.onlineRoot(), await parents.retainedRoot()]
  const { version } = root
  let moved = 0
  if (old === undefined) return accept({ version, moved, remaining: 0, receipts: [] })
  for (const organisation of await organisationsBelow(database, old.rootId)) {
    const done = await keks.organisation(organisation, root)
    if (!done.ok) return done
    moved += done.value.moved
  }
  const remaining = (await organisationsBelow(database, old.rootId)).length
  if (remaining > 0) return accept({ version, moved, remaining, receipts: [] })
  // Cut short from here on, all of it is done again: only then is the root said to be destroyed.
  await requireWhole(database.authority)
  await token.use((device) => device.destroyRoot(old.ckaId))
  const receipts = await raiseShredded(parts, old.rootId)
  const its = { root_id: old.rootId, node_id: node }
  await database.change((work) => work.authority.update('root_config', its, { state: 'destroyed' }))
  Object.assign(subject, { organisation: null, project: null, version })
  subject.output = receipts.map((receipt) => utf8(canonicalString(receipt)))
  return accept({ version, moved, remaining, receipts })
}

async function organisationsBelow(database: SealedDatabase, root: string): Promise<readonly string[]> {
  const rows = await database
    .selectFrom('organisation_kek')
    .select('organisation_id')
    .distinct()
    .where('wrapping_kek_id', '=', root)
    .where('state', '!=', 'destroyed')
    .execute()
  return rows.map(({ organisation_id }) => organisation_id)
}

/** What was shredded at S0 here, with where its project's KEKs are now. */
function shredded(database: SealedDatabase) {
  return database
    .selectFrom('tombstone')
    .innerJoin('key', 'key.id', 'tombstone.id')
    .innerJoin('project', 'project.id', 'key.project_id')
    .selectAll('tombstone')
    .select(['project.id as project', 'project.organisation_id as organisation'])
    .select((is) => [
      is
        .selectFrom('project_kek')
        .select(({ fn }) => fn.min('project_kek.created_at').as('born'))
        .whereRef('project_kek.project_id', '=', 'project.id')
        .where('project_kek.state', '!=', 'destroyed')
        .as('projectKekBorn'),
      is
        .selectFrom('organisation_kek')
        .select(({ fn }) => fn.min('organisation_kek.created_at').as('born'))
        .whereRef('organisation_kek.organisation_id', '=', 'project.organisation_id')
        .where('organisation_kek.state', '!=', 'destroyed')
        .as('organisationKekBorn'),
    ])
    .where('tombstone.level', '=', 'data')
    .where('tombstone.raised', 'is', null)
}

/** Projects below an online root whose KEK is older than something that was shredded under it. */
async function projectsThatShredded(database: SealedDatabase): Promise<readonly Project[]> {
  const rows = await shredded(database).execute()
  const ids = rows
    .filter((row) => row.projectKekBorn !== null && row.projectKekBorn <= row.shredded_at && noCopy(row))
    .map(({ project }) => project)
  if (ids.length === 0) return []
  return database
    .selectFrom('project')
    .selectAll()
    .where('id', 'in', [...new Set(ids)])
    .where('organisation_id', 'in', (query) =>
      query
        .selectFrom('organisation_kek')
        .innerJoin('root_config', 'root_config.root_id', 'organisation_kek.wrapping_kek_id')
        .select('organisation_kek.organisation_id')
        .where('root_config.origin', '=', 'online')
        .where('organisation_kek.state', '!=', 'destroyed'),
    )
    .orderBy('id')
    .execute()
}

/**
 * The receipts of what no older database opens any more, now that this root is gone. It was under a KEK of its project that never was
 * under any other root: that KEK was destroyed before its organisation's came under the new one.
 */
async function raiseShredded(
  { database, token, lifecycle, sign, noteShredded, now }: RootParts,
  root: string,
): Promise<SignedShredReceipt[]> {
  const receipts: SignedShredReceipt[] = []
  for (const row of await shredded(database).execute()) {
    const { projectKekBorn, organisationKekBorn } = row
    if (projectKekBorn === null || organisationKekBorn === null || !noCopy(row)) continue
    if (!(row.shredded_at < projectKekBorn && projectKekBorn < organisationKekBorn)) continue
    const payload: ShredReceipt = {
      ...payloadOf(row),
      level: 'S1',
      ancestor: {
        level: 'root',
        id: root,
        destroyedIn: token.tokens.map(({ serial }) => serial),
        destroyedAt: now().toISOString(),
      },
    }
    const signature = await sign(shredContext, encodeCanonical(payload))
    const receipt: SignedShredReceipt = { payload, signatures: [signature] }
    const text = canonicalString(receipt)
    await noteShredded(text)
    await lifecycle.raiseShred('data', row.id, text)
    receipts.push(receipt)
  }
  return receipts
}

/** What this server wrote, as it wrote it. */
const payloadOf = ({ receipt }: Pick<Selectable<TombstoneTable>, 'receipt'>): ShredReceipt =>
  (JSON.parse(receipt) as SignedShredReceipt).payload

/** No bundle holds a copy, which would be under the root of a ceremony. */
const noCopy = (row: Pick<Selectable<TombstoneTable>, 'receipt'>): boolean =>
  payloadOf(row).bundles.length === 0
