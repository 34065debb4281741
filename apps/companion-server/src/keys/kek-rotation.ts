import { canonicalString, encodeCanonical, type HybridSignature, utf8 } from '@lux/crypto'
import type { Selectable, Transaction } from 'kysely'
import { absent } from '../access/authorize.ts'
import { ownCall, type Record, type Subject } from '../audit/record.ts'
import { changes, entry } from '../operations/entry.ts'
import { openPipeline, operationsOf, unapproved } from '../operations/pipeline.ts'
import type { Database } from '../platform/database/open.ts'
import type { ProjectTable, Tables, TombstoneTable } from '../platform/database/tables.ts'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { id, placePermission } from './key-work.ts'
import { importKeyVersion, type LifecycleRepository } from './lifecycle-repository.ts'
import type { OnlineParents, OnlineRoot } from './online-parents.ts'
import { type ShredReceipt, type SignedShredReceipt, shredContext } from './operations/ending.ts'
import { wrappedRow } from './row-mac.ts'
import type { KeyUnwrapping } from './unwrapping.ts'

/** How far a rotation is. While something remains, the same call goes on with it, and so does the server's clock. */
export type Rotation = {
  readonly version: number
  /** Keys that this call moved under the new version. */
  readonly moved: number
  /** Keys that are still under an older one. */
  readonly remaining: number
}

export type RootRotation = Rotation & {
  /** Of keys that were shredded before: now no older database opens them. Given once the old root is destroyed. */
  readonly receipts: readonly SignedShredReceipt[]
}

type Parts = {
  readonly database: Database
  readonly token: ServerToken
  readonly node: string
  readonly unwrapping: KeyUnwrapping
  readonly parents: OnlineParents
  readonly lifecycle: LifecycleRepository
  readonly record: Record
  sign(context: string, bytes: Uint8Array): Promise<HybridSignature>
  noteShredded(line: string): Promise<void>
  now(): Date
}

type Work = Transaction<Tables>
type Project = Selectable<ProjectTable>
type Budget = { rows: number }

/** Most keys that one call moves, so that its reply comes within seconds. */
const mostMoved = 2000
const batch = 100

export type KekRotation = ReturnType<typeof openKekRotation>

/**
 * New versions of the KEKs above keys, and everything below moved under them. Each step is one transaction that may be done again:
 * cut short, a rotation goes on where it was. An old version is destroyed when nothing is under it; one that a ceremony
 * brought is kept for decryption, because a bundle may name it.
 */
export function openKekRotation(parts: Parts) {
  const { database, token, node, unwrapping, parents, lifecycle, record, now } = parts
  const rotates = { ...changes, shown: null, fits: () => accept(null) }
  const table = {
    rotateProject: entry({
      ...rotates,
      name: 'project.rotate-kek',
      input: { project: id },
      async find({ project }) {
        const row = await database
          .selectFrom('project')
          .selectAll()
          .where('id', '=', project)
          .executeTakeFirst()
        return row ? accept(row) : absent('project')
      },
      permissions: (row) => [
        placePermission('kek.rotate', { organisation: row.organisation_id, project: row.id }),
      ],
      run: ({ found, subject }) => projectRotated(subject, found, { rows: mostMoved }),
    }),

    rotateOrganisation: entry({
      ...rotates,
      name: 'organisation.rotate-kek',
      input: { organisation: id },
      async find({ organisation }) {
        const row = await database
          .selectFrom('organisation')
          .select(['id', 'ceremony_only'])
          .where('id', '=', organisation)
          .executeTakeFirst()
        return row ? accept(row) : absent('organisation')
      },
      permissions: ({ id: organisation }) => [
        { action: 'kek.rotate', resource: { kind: 'organisation', organisation }, key: null },
      ],
      fits: ({ found }) =>
        found.ceremony_only
          ? refuse('CEREMONY-ONLY', 'the KEKs of this organisation come from ceremonies')
          : accept(null),
      run: ({ found, subject }) => organisationRotated(subject, found.id, { rows: mostMoved }, null),
    }),

    /**
     * A new root for everything online, in the token; the old one is destroyed there at the end. What was shredded before comes to
     * level S1 by it: the KEK of each project that lost a key is rotated first, so that its old one is under the old root alone.
     * Refuses ROOT-ROTATION.
     */
    rotateRoot: entry({
      ...rotates,
      name: 'root.rotate',
      input: {},
      find: () => accept(null),
      permissions: () => [{ action: 'root.rotate', resource: { kind: 'deployment' }, key: null }],
      run: ({ subject }) => rootRotated(subject, { rows: mostMoved }),
    }),
  }

  return {
    ...operationsOf(table, openPipeline({ record, approvals: unapproved })),

    /** What the clock asks for: rotations that were begun go on. Gives how many keys it moved. */
    async goOn(): Promise<number> {
      const budget = { rows: mostMoved }
      const call = ownCall()
      const old = await retainedRoot()
      if (old !== undefined) await record(call, 'root.rotate', (subject) => rootRotated(subject, budget))
      for (const organisation of await organisationsBegun())
        await record(call, 'organisation.rotate-kek', (subject) =>
          organisationRotated(subject, organisation, budget, 'begun'),
        )
      for (const project of await projectsBegun())
        await record(call, 'project.rotate-kek', (subject) => projectRotated(subject, project, budget))
      return mostMoved - budget.rows
    },
  }

  async function projectRotated(
    subject: Subject,
    { id, organisation_id: organisation }: Project,
    budget: Budget,
  ): Promise<Outcome<Rotation>> {
    Object.assign(subject, { organisation, project: id })
    const version = await database.transaction().execute(async (work) => {
      const keks = await work
        .selectFrom('project_kek')
        .selectAll()
        .where('project_id', '=', id)
        .orderBy('version', 'desc')
        .forUpdate()
        .execute()
      const [newest] = keks
      if (!newest) return null
      if ((await leftUnder(work, id, newest.version)) > 0 || keks.some(mayGo)) return newest.version
      const next = newest.version + 1
      await parents.makeProjectKek(work, organisation, id, { version: next, kekId: newest.kek_id })
      await work
        .updateTable('project_kek')
        .set({ state: 'decrypt-only' })
        .where('project_id', '=', id)
        .where('version', '<', next)
        .where('state', '=', 'enabled')
        .execute()
      return next
    })
    if (version === null) return refuse('KEY-CHAIN', `project ${id} has no KEK`)
    subject.version = version
    let moved = 0
    while (budget.rows > 0) {
      const some = await moveSome(id, version, Math.min(batch, budget.rows))
      if (some === 0) break
      moved += some
      budget.rows -= some
    }
    const remaining = await database.transaction().execute(async (work) => {
      const old = await work
        .selectFrom('project_kek')
        .selectAll()
        .where('project_id', '=', id)
        .where('version', '<', version)
        .forUpdate()
        .execute()
      const left = await leftUnder(work, id, version)
      if (left > 0) return left
      await work
        .updateTable('project_kek')
        .set({ state: 'destroyed', wrapped: Buffer.alloc(0) })
        .where('project_id', '=', id)
        .where(
          'version',
          'in',
          old
            .filter(mayGo)
            .map((kek) => kek.version)
            .concat(0),
        )
        .execute()
      return 0
    })
    if (remaining === 0) unwrapping.forgetAll()
    return accept({ version, moved, remaining })
  }

  /** Moves some keys of a project under its newest KEK, each in its own row; the number. */
  async function moveSome(project: string, version: number, most: number): Promise<number> {
    const rows = await database
      .selectFrom('key_version')
      .innerJoin('key', 'key.id', 'key_version.key_id')
      .selectAll('key_version')
      .where('key.project_id', '=', project)
      .where('key_version.wrapping_kek_version', '<', version)
      .where('key_version.state', '!=', 'destroyed')
      .limit(most)
      .execute()
    for (const row of rows) {
      const its = { id: row.key_id, project_id: project }
      const stored = {
        row: wrappedRow('data', row.key_id, project, row.key_id, row),
        ...{ mac: row.mac, state: row.state },
      }
      const made = await unwrapping.moveKey(its, stored, version)
      await database
        .updateTable('key_version')
        .set({ ...wrappingOf(made), wrapping_kek_version: version })
        .where('key_id', '=', row.key_id)
        .where('version', '=', row.version)
        // As it was read: what was destroyed or moved meanwhile stays so.
        .where('wrapping_kek_version', '=', row.wrapping_kek_version)
        .where('state', '!=', 'destroyed')
        .execute()
    }
    const imports = await database
      .selectFrom('import_key')
      .selectAll()
      .where('project_id', '=', project)
      .where('wrapping_kek_version', '<', version)
      .limit(most)
      .execute()
    for (const row of imports) {
      const made = await unwrapping.moveKey(
        { id: row.id, project_id: project },
        importKeyVersion(row),
        version,
      )
      await database
        .updateTable('import_key')
        .set({ ...wrappingOf(made), wrapping_kek_version: version })
        .where('id', '=', row.id)
        .execute()
    }
    return rows.length + imports.length
  }

  async function leftUnder(work: Work, project: string, version: number): Promise<number> {
    const { keys } = await work
      .selectFrom('key_version')
      .innerJoin('key', 'key.id', 'key_version.key_id')
      .select(({ fn }) => fn.countAll<string>().as('keys'))
      .where('key.project_id', '=', project)
      .where('key_version.wrapping_kek_version', '<', version)
      .where('key_version.state', '!=', 'destroyed')
      .executeTakeFirstOrThrow()
    const { imports } = await work
      .selectFrom('import_key')
      .select(({ fn }) => fn.countAll<string>().as('imports'))
      .where('project_id', '=', project)
      .where('wrapping_kek_version', '<', version)
      .executeTakeFirstOrThrow()
    return Number(keys) + Number(imports)
  }

  /** `root`: the KEK has to come under this one; null: a rotation of the organisation's own; `begun`: only what is left of one. */
  async function organisationRotated(
    subject: Subject,
    organisation: string,
    budget: Budget,
    root: OnlineRoot | null | 'begun',
  ): Promise<Outcome<Rotation>> {
    subject.organisation = organisation
    const version = await database.transaction().execute(async (work) => {
      const keks = await work
        .selectFrom('organisation_kek')
        .selectAll()
        .where('organisation_id', '=', organisation)
        .orderBy('version', 'desc')
        .forUpdate()
        .execute()
      const [newest] = keks
      if (!newest) return null
      if (root === 'begun') return newest.version
      const begun = keks.some(mayGo) || (await projectsUnder(work, organisation, newest.version)).length > 0
      if (root === null ? begun : newest.wrapping_kek_id === root.rootId) return newest.version
      const above = root ?? (await rootAbove(work, newest.wrapping_kek_id))
      const next = newest.version + 1
      await parents.makeOrganisationKek(work, organisation, {
        ...{ version: next, kekId: newest.kek_id },
        ...(above === undefined ? {} : { root: above }),
      })
      await work
        .updateTable('organisation_kek')
        .set({ state: 'decrypt-only' })
        .where('organisation_id', '=', organisation)
        .where('version', '<', next)
        .where('state', '=', 'enabled')
        .execute()
      return next
    })
    if (version === null) return refuse('KEY-CHAIN', `organisation ${organisation} has no KEK`)
    subject.version = version
    let moved = 0
    for (let left = 1; left > 0 && budget.rows > 0; budget.rows--) {
      left = await database.transaction().execute(async (work) => {
        const [kek, ...others] = await projectsUnder(work, organisation, version)
        if (!kek) return 0
        await parents.moveProjectKek(work, organisation, kek)
        moved++
        return others.length
      })
    }
    const remaining = await database.transaction().execute(async (work) => {
      const old = await work
        .selectFrom('organisation_kek')
        .selectAll()
        .where('organisation_id', '=', organisation)
        .where('version', '<', version)
        .forUpdate()
        .execute()
      const left = (await projectsUnder(work, organisation, version)).length
      if (left > 0) return left
      await work
        .updateTable('organisation_kek')
        .set({ state: 'destroyed', wrapped: Buffer.alloc(0) })
        .where('organisation_id', '=', organisation)
        .where(
          'version',
          'in',
          old
            .filter(mayGo)
            .map((kek) => kek.version)
            .concat(0),
        )
        .execute()
      return 0
    })
    return accept({ version, moved, remaining })
  }

  /** KEKs of projects that are under an older version than this of their organisation's, locked. */
  function projectsUnder(work: Work, organisation: string, version: number) {
    return work
      .selectFrom('project_kek')
      .innerJoin('project', 'project.id', 'project_kek.project_id')
      .selectAll('project_kek')
      .where('project.organisation_id', '=', organisation)
      .where('project_kek.wrapping_kek_version', '<', version)
      .where('project_kek.state', 'not in', ['destroyed', 'revoked'])
      .orderBy('project_kek.project_id')
      .orderBy('project_kek.version')
      .forUpdate('project_kek')
      .execute()
  }

  function rootAbove(work: Work, rootId: string): Promise<OnlineRoot | undefined> {
    return work
      .selectFrom('root_config')
      .select(['root_id as rootId', 'cka_id as ckaId', 'version'])
      .where('root_id', '=', rootId)
      .where('node_id', '=', node)
      .where('state', '=', 'current')
      .executeTakeFirst()
  }

  async function rootRotated(subject: Subject, budget: Budget): Promise<Outcome<RootRotation>> {
    if (token.root === 'environment')
      return refuse('ROOT-ROTATION', 'its root is ROOT_ENCRYPTION_KEY, which nothing can destroy')
    // First, under the old root: an old KEK of these projects never comes under the new one.
    for (const project of await projectsThatShredded()) {
      const done = await projectRotated(subject, project, budget)
      if (!done.ok) return done
      if (done.value.remaining > 0) return accept({ ...done.value, receipts: [] })
    }
    Object.assign(subject, { organisation: null, project: null })
    if ((await retainedRoot()) === undefined && (await parents.nextRoot()) === null)
      return refuse('ROOT-ROTATION', 'it has no root of its own: that of a ceremony is rotated by a ceremony')
    const root = await currentRoot()
    const old = await retainedRoot()
    let moved = 0
    if (old !== undefined) {
      for (const organisation of await organisationsBelow(old.root_id)) {
        const done = await organisationRotated(subject, organisation, budget, root)
        if (!done.ok) return done
        moved += done.value.moved
      }
      const left = (await organisationsBelow(old.root_id)).length
      if (left > 0) return accept({ version: root.version, moved, remaining: left, receipts: [] })
      await token.use((device) => device.destroyRoot(old.cka_id))
      const receipts = await raiseShredded(old.root_id)
      await database
        .updateTable('root_config')
        .set({ state: 'destroyed' })
        .where('root_id', '=', old.root_id)
        .where('node_id', '=', node)
        .execute()
      Object.assign(subject, { organisation: null, project: null, version: root.version })
      subject.output = receipts.map((receipt) => utf8(canonicalString(receipt)))
      return accept({ version: root.version, moved, remaining: 0, receipts })
    }
    return accept({ version: root.version, moved, remaining: 0, receipts: [] })
  }

  function retainedRoot() {
    return database
      .selectFrom('root_config')
      .selectAll()
      .where('node_id', '=', node)
      .where('origin', '=', 'online')
      .where('state', '=', 'retained')
      .executeTakeFirst()
  }

  function currentRoot(): Promise<OnlineRoot> {
    return database
      .selectFrom('root_config')
      .select(['root_id as rootId', 'cka_id as ckaId', 'version'])
      .where('node_id', '=', node)
      .where('origin', '=', 'online')
      .where('state', '=', 'current')
      .executeTakeFirstOrThrow()
  }

  async function organisationsBelow(root: string): Promise<readonly string[]> {
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
  function shredded() {
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
  async function projectsThatShredded(): Promise<readonly Project[]> {
    const rows = await shredded().execute()
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
  async function raiseShredded(root: string): Promise<SignedShredReceipt[]> {
    const receipts: SignedShredReceipt[] = []
    for (const row of await shredded().execute()) {
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
      const signature = await parts.sign(shredContext, encodeCanonical(payload))
      const receipt: SignedShredReceipt = { payload, signatures: [signature] }
      const text = canonicalString(receipt)
      await parts.noteShredded(text)
      await lifecycle.raiseShred('data', row.id, text)
      receipts.push(receipt)
    }
    return receipts
  }

  async function organisationsBegun(): Promise<readonly string[]> {
    const rows = await database
      .selectFrom('organisation_kek')
      .select('organisation_id')
      .distinct()
      .where('state', '=', 'decrypt-only')
      .where((is) =>
        is.or([
          is('origin', '=', 'online'),
          // A ceremony brought a newer one, and projects are under this one still.
          is.exists(
            is
              .selectFrom('project_kek')
              .innerJoin('project', 'project.id', 'project_kek.project_id')
              .select('project_kek.project_id')
              .whereRef('project.organisation_id', '=', 'organisation_kek.organisation_id')
              .whereRef('project_kek.wrapping_kek_version', '=', 'organisation_kek.version')
              .where('project_kek.state', 'not in', ['destroyed', 'revoked']),
          ),
        ]),
      )
      .execute()
    return rows.map(({ organisation_id }) => organisation_id)
  }

  function projectsBegun(): Promise<readonly Project[]> {
    return database
      .selectFrom('project')
      .selectAll()
      .where('id', 'in', (query) =>
        query
          .selectFrom('project_kek')
          .select('project_id')
          .where('state', '=', 'decrypt-only')
          .where('origin', '=', 'online'),
      )
      .execute()
  }
}

/** An old version that is destroyed once nothing is under it. */
const mayGo = ({ state, origin }: { readonly state: string; readonly origin: string }): boolean =>
  state === 'decrypt-only' && origin === 'online'

function wrappingOf({
  row,
  mac,
}: {
  readonly row: { readonly wrapped: Uint8Array }
  readonly mac: Uint8Array
}) {
  return { wrapped: Buffer.from(row.wrapped), mac: Buffer.from(mac) }
}

/** What this server wrote, as it wrote it. */
const payloadOf = ({ receipt }: Pick<Selectable<TombstoneTable>, 'receipt'>): ShredReceipt =>
  (JSON.parse(receipt) as SignedShredReceipt).payload

/** No bundle holds a copy, which would be under the root of a ceremony. */
const noCopy = (row: Pick<Selectable<TombstoneTable>, 'receipt'>): boolean =>
  payloadOf(row).bundles.length === 0
