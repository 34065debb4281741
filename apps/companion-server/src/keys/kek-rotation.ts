import type { Selectable } from 'kysely'
import { absent } from '../access/authorize.ts'
import { ownCall, type Record, type Subject } from '../audit/record.ts'
import { changes, entry } from '../operations/entry.ts'
import { openPipeline, operationsOf, unapproved } from '../operations/pipeline.ts'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import type { ProjectTable } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { id, placePermission } from './key-work.ts'
import type { OnlineRoot } from './online-parents.ts'
import { type KekParts, organisationKek, projectKek } from './rotation/keks.ts'
import { type RootParts, type RootRotation, rotateRoot } from './rotation/root.ts'
import { type Budget, type Rotation, rotate, type Wish } from './rotation/steps.ts'

type Project = Selectable<ProjectTable>
type Run = { readonly subject: Subject; readonly budget: Budget }

type Parts = KekParts & RootParts & { readonly record: Record }

/** Most keys that one call moves, so that its reply comes within seconds. */
const mostMoved = 2000

const fresh = (): Budget => ({ left: mostMoved })

export type KekRotation = ReturnType<typeof openKekRotation>

/** New versions of the KEKs above keys, and everything below moved under them. */
export function openKekRotation(parts: Parts) {
  const { database, unwrapping, record } = parts
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
      run: ({ found, subject }) => projectRotated({ subject, budget: fresh() }, found, 'new'),
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
      run: ({ found, subject }) => organisationRotated({ subject, budget: fresh() }, found.id, 'new'),
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
      run: ({ subject }) => rootRotated({ subject, budget: fresh() }),
    }),
  }

  return {
    ...operationsOf(table, openPipeline({ record, approvals: unapproved })),

    /** What the clock asks for: rotations that were begun go on. Gives how many keys it moved. */
    async goOn(): Promise<number> {
      const budget = fresh()
      const call = ownCall()
      if ((await parts.parents.retainedRoot()) !== undefined)
        await record(call, 'root.rotate', (subject) => rootRotated({ subject, budget }))
      for (const organisation of await organisationsBegun(database))
        await record(call, 'organisation.rotate-kek', (subject) =>
          organisationRotated({ subject, budget }, organisation, 'go-on'),
        )
      for (const project of await projectsBegun(database))
        await record(call, 'project.rotate-kek', (subject) =>
          projectRotated({ subject, budget }, project, 'go-on'),
        )
      return mostMoved - budget.left
    },
  }

  async function projectRotated(
    run: Run,
    { id: project, organisation_id: organisation }: Project,
    wish: Wish,
  ): Promise<Outcome<Rotation>> {
    Object.assign(run.subject, { organisation, project })
    const done = await rotate(projectKek(parts, project, organisation), wish, run)
    if (done === null) return refuse('KEY-CHAIN', `project ${project} has no KEK`)
    if (done.remaining === 0) unwrapping.forgetAll()
    return accept(done)
  }

  async function organisationRotated(
    run: Run,
    organisation: string,
    wish: 'new' | 'go-on' | OnlineRoot,
  ): Promise<Outcome<Rotation>> {
    run.subject.organisation = organisation
    const root = typeof wish === 'object' ? wish : undefined
    const kek = organisationKek(parts, organisation, root)
    const done = await rotate(kek, typeof wish === 'object' ? { under: wish.rootId } : wish, run)
    return done === null ? refuse('KEY-CHAIN', `organisation ${organisation} has no KEK`) : accept(done)
  }

  function rootRotated(run: Run): Promise<Outcome<RootRotation>> {
    const keks = {
      project: (project: Project) => projectRotated(run, project, 'new'),
      organisation: (organisation: string, root: OnlineRoot) => organisationRotated(run, organisation, root),
    }
    return rotateRoot(parts, keks, run.subject)
  }
}

async function organisationsBegun(database: SealedDatabase): Promise<readonly string[]> {
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

function projectsBegun(database: SealedDatabase): Promise<readonly Project[]> {
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
