import { sql } from 'kysely'
import type { SealedDatabase, Work } from '../../platform/database/authority/authority.ts'
import { importKeyVersion } from '../lifecycle-repository.ts'
import type { OnlineParents, OnlineRoot } from '../online-parents.ts'
import { wrappedRow } from '../row-mac.ts'
import type { KeyUnwrapping } from '../unwrapping.ts'
import { type Kek, type KekVersion, mayGo, nextStep } from './steps.ts'

export type KekParts = {
  readonly database: SealedDatabase
  readonly unwrapping: KeyUnwrapping
  readonly parents: OnlineParents
}

/** Most keys of one kind that are read at once. */
const batch = 100

/** The KEK of a project, above its keys and its import keys. */
export function projectKek(parts: KekParts, project: string, organisation: string): Kek {
  const { database, unwrapping, parents } = parts
  return {
    advance: advancing(database, {
      table: 'project_kek',
      owner: 'project',
      id: project,
      below: (work, newest) => keysBelow(work, project, newest),
      make: (work, version, { kekId }) =>
        parents.makeProjectKek(work, organisation, project, { version, kekId }),
    }),
    async moveSome(newest, most) {
      const limit = Math.min(batch, most)
      const keys = await database
        .selectFrom('key_version')
        .innerJoin('key', 'key.id', 'key_version.key_id')
        .selectAll('key_version')
        .where('key.project_id', '=', project)
        .where('key_version.wrapping_kek_version', '<', newest)
        .where('key_version.state', '!=', 'destroyed')
        .limit(limit)
        .execute()
      for (const row of keys) {
        const stored = {
          row: wrappedRow('data', row.key_id, project, row.key_id, row),
          mac: row.mac,
          state: row.state,
        }
        const made = await unwrapping.moveKey({ id: row.key_id, project_id: project }, stored, newest)
        await database.change((work) =>
          work.authority.update(
            'key_version',
            (its) =>
              its
                .where('key_id', '=', row.key_id)
                .where('version', '=', row.version)
                // As it was read: what was destroyed or moved meanwhile stays so.
                .where('wrapping_kek_version', '=', row.wrapping_kek_version)
                .where('state', '!=', 'destroyed'),
            { ...wrappingOf(made), wrapping_kek_version: newest },
          ),
        )
      }
      const imports = await database
        .selectFrom('import_key')
        .selectAll()
        .where('project_id', '=', project)
        .where('wrapping_kek_version', '<', newest)
        .limit(limit)
        .execute()
      for (const row of imports) {
        const stored = importKeyVersion(row)
        const made = await unwrapping.moveKey({ id: row.id, project_id: project }, stored, newest)
        await database
          .updateTable('import_key')
          .set({ ...wrappingOf(made), wrapping_kek_version: newest })
          .where('id', '=', row.id)
          .execute()
      }
      return keys.length + imports.length
    },
  }
}

/** The KEK of an organisation, above those of its projects. `root`: what a new version comes under; absent: what the newest is under. */
export function organisationKek(parts: KekParts, organisation: string, root?: OnlineRoot): Kek {
  const { database, parents } = parts
  return {
    advance: advancing(database, {
      table: 'organisation_kek',
      owner: 'organisation',
      id: organisation,
      below: async (work, newest) => (await projectsBelow(work, organisation, newest)).length,
      async make(work, version, { kekId, parent }) {
        const above = root ?? (await parents.currentRoot(work, parent))
        await parents.makeOrganisationKek(work, organisation, { version, kekId, root: above })
      },
    }),
    moveSome: (newest) =>
      database.change(async (work) => {
        const [kek] = await projectsBelow(work, organisation, newest)
        if (!kek) return 0
        await parents.moveProjectKek(work, organisation, kek)
        return 1
      }),
  }
}

type KekTable = {
  readonly table: 'project_kek' | 'organisation_kek'
  /** Whose KEK it is: the table of those, and which row. */
  readonly owner: 'project' | 'organisation'
  readonly id: string
  below(work: Work, newest: number): Promise<number>
  make(work: Work, version: number, newest: KekVersion): Promise<void>
}

function advancing(database: SealedDatabase, kek: KekTable): Kek['advance'] {
  const owner = sql.table(kek.owner)
  const itsVersions = sql`${sql.ref(`${kek.owner}_id`)} = ${kek.id}`
  return (wish) =>
    database.change(async (work) => {
      // Calls at the same time wait here: each reads what the one before it made.
      await sql`select id from ${owner} where id = ${kek.id} for no key update`.execute(work)
      const rows = await work
        .selectFrom(kek.table)
        .selectAll()
        .where(sql<boolean>`${itsVersions}`)
        .orderBy('version', 'desc')
        .forUpdate()
        .execute()
      await work.authority.vouch(kek.table, rows, { [`${kek.owner}_id`]: kek.id })
      const versions = rows.map(
        ({ version, state, origin, kek_id: kekId, wrapping_kek_id: parent }): KekVersion => ({
          ...{ version, state, origin, kekId, parent },
        }),
      )
      const [newest, ...older] = versions
      const standing = { versions, below: newest ? await kek.below(work, newest.version) : 0 }
      const step = nextStep(standing, wish)
      if (step === 'make' && newest) {
        await kek.make(work, newest.version + 1, newest)
        await work.authority.update(
          kek.table,
          (its) =>
            its.where(sql<boolean>`${itsVersions} and version <= ${newest.version} and state = 'enabled'`),
          { state: 'decrypt-only' },
        )
      }
      if (step === 'destroy') {
        const gone = older.filter(mayGo).map(({ version }) => version)
        await work.authority.update(
          kek.table,
          (its) => its.where(sql<boolean>`${itsVersions} and version = any(${gone})`),
          { state: 'destroyed', wrapped: Buffer.alloc(0) },
        )
      }
      return { step, standing }
    })
}

async function keysBelow(work: Work, project: string, newest: number): Promise<number> {
  const { keys } = await work
    .selectFrom('key_version')
    .innerJoin('key', 'key.id', 'key_version.key_id')
    .select(({ fn }) => fn.countAll<string>().as('keys'))
    .where('key.project_id', '=', project)
    .where('key_version.wrapping_kek_version', '<', newest)
    .where('key_version.state', '!=', 'destroyed')
    .executeTakeFirstOrThrow()
  const { imports } = await work
    .selectFrom('import_key')
    .select(({ fn }) => fn.countAll<string>().as('imports'))
    .where('project_id', '=', project)
    .where('wrapping_kek_version', '<', newest)
    .executeTakeFirstOrThrow()
  return Number(keys) + Number(imports)
}

/** Locked, in the order in which they move. */
function projectsBelow(work: Work, organisation: string, newest: number) {
  return work
    .selectFrom('project_kek')
    .innerJoin('project', 'project.id', 'project_kek.project_id')
    .selectAll('project_kek')
    .where('project.organisation_id', '=', organisation)
    .where('project_kek.wrapping_kek_version', '<', newest)
    .where('project_kek.state', 'not in', ['destroyed', 'revoked'])
    .orderBy('project_kek.project_id')
    .orderBy('project_kek.version')
    .forUpdate('project_kek')
    .execute()
}

function wrappingOf({ row, mac }: Awaited<ReturnType<KeyUnwrapping['moveKey']>>) {
  return { wrapped: Buffer.from(row.wrapped), mac: Buffer.from(mac) }
}
