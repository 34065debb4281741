import { randomUUID } from 'node:crypto'
import type { Selectable } from 'kysely'
import { changesAlone, entry, ofOneself, type Permission, reads } from '../operations/entry.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import type {
  OrganisationKekTable,
  OrganisationTable,
  ProjectKekTable,
  ProjectTable,
  RootConfigTable,
  RootState,
  VersionState,
} from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { type Action, absent, authorize, organisationsWhere } from './authorize.ts'
import { nobody } from './duties/rules.ts'
import { id, name } from './fields.ts'
import { nameShape } from './tokens.ts'

export type PlainKeys = 'no' | 'wrapped' | 'yes'

export type Organisation = Selectable<OrganisationTable>
export type Project = Selectable<ProjectTable>

type Shown = 'version' | 'state' | 'origin' | 'bundle_digest' | 'created_at'
export type Parents = {
  readonly roots: readonly (Pick<Selectable<RootConfigTable>, Exclude<Shown, 'state'>> & {
    readonly state: VersionState
  })[]
  readonly organisation: readonly Pick<Selectable<OrganisationKekTable>, Shown>[]
  readonly projects: readonly Pick<Selectable<ProjectKekTable>, Shown | 'project_id'>[]
}

/** What a root may still do, said as of every other version. */
const rootStates = {
  staged: 'pre-active',
  current: 'enabled',
  retained: 'decrypt-only',
  revoked: 'revoked',
  destroyed: 'destroyed',
} as const satisfies { readonly [state in RootState]: VersionState }

type Parts = {
  readonly database: SealedDatabase
  /** Who makes the KEK of what is made here. */
  readonly parents: {
    makeOrganisationKek(work: Work, organisation: string): Promise<void>
    makeProjectKek(work: Work, organisation: string, project: string): Promise<void>
  }
}

const checkName = (name: string): Outcome<null> =>
  nameShape.test(name) ? accept(null) : refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters')

/** In an organisation that is there. */
export const inOrganisation = (database: SealedDatabase, action: Action) => ({
  async find({ organisation }: { readonly organisation: string }): Promise<Outcome<Organisation>> {
    const row = await database
      .selectFrom('organisation')
      .selectAll()
      .where('id', '=', organisation)
      .executeTakeFirst()
    if (row) await database.authority.vouch('organisation', [row], { id: organisation })
    return row ? accept(row) : absent('organisation')
  },
  permissions: ({ id: organisation }: Organisation): readonly Permission[] => [
    { action, resource: { kind: 'organisation', organisation }, key: null },
  ],
})

/** Organisations and projects: nothing of keys' use. */
export const organisationTable = (parts: Parts) => ({ ...readEntries(parts), ...madeEntries(parts) })

function madeEntries({ database, parents }: Parts) {
  return {
    createOrganisation: entry({
      ...changesAlone,
      touches: nobody,
      name: 'organisation.create',
      input: { name },
      find: () => accept(null),
      permissions: () => [{ action: 'organisation.create', resource: { kind: 'deployment' }, key: null }],
      fits: ({ input }) => checkName(input.name),
      run({ input: { name }, subject }) {
        const id = randomUUID()
        subject.organisation = id
        return database.change(async (work) => {
          const made = await work.authority.insert('organisation', { id, name })
          await parents.makeOrganisationKek(work, id)
          return accept(made)
        })
      },
    }),

    createProject: entry({
      ...changesAlone,
      touches: nobody,
      ...inOrganisation(database, 'project.create'),
      name: 'project.create',
      input: { organisation: id, name },
      fits: ({ found, input }) =>
        found.ceremony_only
          ? refuse('CEREMONY-ONLY', 'the projects of this organisation come from ceremonies')
          : checkName(input.name),
      run({ found: { id: organisation }, input: { name }, subject }) {
        const id = randomUUID()
        subject.project = id
        return database.change(async (work) => {
          const made = await work.authority.insert('project', { id, organisation_id: organisation, name })
          await parents.makeProjectKek(work, organisation, id)
          return accept(made)
        })
      },
    }),

    /**
     * Whether keys of a project may be made so that they leave in the clear, and leave so; `wrapped`: none does, but they leave wrapped
     * under keys that somebody has. Refuses PROJECT-ABSENT.
     */
    letPlainKeys: entry({
      ...changesAlone,
      touches: nobody,
      name: 'project.let-plain-keys',
      input: { project: id, allowed: Type.Enum<PlainKeys[]>(['no', 'wrapped', 'yes']) },
      async find({ project }) {
        const row = await database
          .selectFrom('project')
          .selectAll()
          .where('id', '=', project)
          .executeTakeFirst()
        if (row === undefined) return refuse('PROJECT-ABSENT', `there is no project ${project}`)
        await database.authority.vouch('project', [row], { id: project })
        return accept({ project, organisation: row.organisation_id })
      },
      permissions: (place) => [
        { action: 'project.create', resource: { kind: 'project', ...place }, key: null },
      ],
      async run({ input: { project, allowed } }) {
        const set = { plain_export: allowed === 'yes', wrapped_export: allowed === 'wrapped' }
        await database.change((work) => work.authority.update('project', { id: project }, set))
        return accept(null)
      },
    }),
  }
}

function readEntries({ database }: Parts) {
  const readable = { ...reads, ...inOrganisation(database, 'organisation.read') }
  return {
    listOrganisations: entry({
      ...reads,
      ...ofOneself,
      name: 'organisation.list',
      input: {},
      async run({ call }): Promise<Outcome<readonly Organisation[]>> {
        const seen = organisationsWhere(call.caller, 'organisation.read')
        if (seen !== 'all' && seen.length === 0) return accept([])
        return accept(
          await database
            .selectFrom('organisation')
            .selectAll()
            // The condition before it has ruled out 'all'.
            .$if(seen !== 'all', (all) => all.where('id', 'in', seen as readonly string[]))
            .orderBy('created_at')
            .orderBy('id')
            .execute(),
        )
      },
    }),

    /** All of them; or, for who has roles in some of them alone, those. */
    listProjects: entry({
      ...reads,
      name: 'project.list',
      input: { organisation: id },
      async find({ organisation }, { caller }) {
        const found = await inOrganisation(database, 'organisation.read').find({ organisation })
        if (!found.ok) return found
        const projects = await database
          .selectFrom('project')
          .selectAll()
          .where('organisation_id', '=', organisation)
          .orderBy('created_at')
          .orderBy('id')
          .execute()
        const seen = projects.filter(
          ({ id }) => authorize(caller, 'project.read', { kind: 'project', organisation, project: id }).ok,
        )
        return accept({ organisation, projects, seen })
      },
      permissions: ({ organisation, seen }) => [
        {
          either: [
            { action: 'organisation.read', resource: { kind: 'organisation', organisation }, key: null },
            ...seen.slice(0, 1).map(({ id: project }) => ({
              action: 'project.read' as const,
              resource: { kind: 'project' as const, organisation, project },
              key: null,
            })),
          ],
        },
      ],
      run: async ({ call, found: { organisation, projects, seen } }) =>
        accept(
          authorize(call.caller, 'organisation.read', { kind: 'organisation', organisation }).ok
            ? projects
            : seen,
        ),
    }),

    /** The versions of the keys above data keys: the roots, the organisation's and its projects'. */
    readParents: entry({
      ...readable,
      name: 'organisation.read-parents',
      input: { organisation: id },
      async run({ found: { id: organisation } }): Promise<Outcome<Parents>> {
        const shown = ['version', 'state', 'origin', 'bundle_digest', 'created_at'] as const
        const [roots, own, projects] = await Promise.all([
          database.selectFrom('root_config').select(shown).orderBy('version').execute(),
          database
            .selectFrom('organisation_kek')
            .select(shown)
            .where('organisation_id', '=', organisation)
            .orderBy('version')
            .execute(),
          database
            .selectFrom('project_kek')
            .innerJoin('project', 'project.id', 'project_kek.project_id')
            .select(['project_kek.project_id', 'project_kek.version', 'project_kek.state'])
            .select(['project_kek.origin', 'project_kek.bundle_digest', 'project_kek.created_at'])
            .where('project.organisation_id', '=', organisation)
            .orderBy('project_kek.version')
            .execute(),
        ])
        const asVersions = roots.map(({ state, ...rest }) => ({ ...rest, state: rootStates[state] }))
        return accept({ roots: asVersions, organisation: own, projects })
      },
    }),
  }
}
