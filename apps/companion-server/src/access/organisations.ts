import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Selectable, Transaction } from 'kysely'
import type { Call, Record } from '../audit/record.ts'
import { type Attempt, knownBy, type Strangers } from '../audit/strangers.ts'
import type { Database } from '../platform/database/open.ts'
import type {
  OrganisationKekTable,
  OrganisationTable,
  ProjectKekTable,
  ProjectTable,
  RootConfigTable,
  RootState,
  Tables,
  VersionState,
} from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { openAppointing } from './appointing.ts'
import { absent, authorize, type Grant, organisationsWhere } from './authorize.ts'
import { notTheLast } from './break-glass.ts'
import { type Enrolment, endSetUp, insertPerson, type NewPerson } from './people.ts'
import { type Credentials, checkNewIdentity, insertIdentity, type NewIdentity, nameShape } from './tokens.ts'

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

type Work = Transaction<Tables>

type Parts = {
  readonly database: Database
  /** Who makes the KEK of what is made here. */
  readonly parents: {
    makeOrganisationKek(work: Work, organisation: string): Promise<void>
    makeProjectKek(work: Work, organisation: string, project: string): Promise<void>
  }
  readonly record: Record
  readonly strangers: Strangers
  now(): Date
}

const setupLives = 15 * 60_000

/** Organisations, projects, machine identities and the first of them: who may be where, and nothing of keys' use. */
export type OrganisationOperations = ReturnType<typeof openOrganisationOperations>

export function openOrganisationOperations({ database, parents, record, strangers, now }: Parts) {
  const { mayGive, governed } = openAppointing(database)

  return {
    createOrganisation(call: Call, name: string): Promise<Outcome<Organisation>> {
      return record(call, 'organisation.create', async (subject) => {
        const allowed = authorize(call.caller, 'organisation.create', { kind: 'deployment' })
        if (!allowed.ok) return allowed
        if (!nameShape.test(name)) return refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters')
        const id = randomUUID()
        subject.organisation = id
        return accept(
          await database.transaction().execute(async (work) => {
            const made = await work
              .insertInto('organisation')
              .values({ id, name })
              .returningAll()
              .executeTakeFirstOrThrow()
            await parents.makeOrganisationKek(work, id)
            return made
          }),
        )
      })
    },

    listOrganisations(call: Call): Promise<Outcome<Organisation[]>> {
      return record(call, 'organisation.list', async () => {
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
      })
    },

    createProject(
      call: Call,
      { organisation, name }: { organisation: string; name: string },
    ): Promise<Outcome<Project>> {
      return record(call, 'project.create', async (subject) => {
        const row = await database
          .selectFrom('organisation')
          .selectAll()
          .where('id', '=', organisation)
          .executeTakeFirst()
        if (!row) return absent('organisation')
        subject.organisation = organisation
        const allowed = authorize(call.caller, 'project.create', { kind: 'organisation', organisation })
        if (!allowed.ok) return allowed
        if (row.ceremony_only)
          return refuse('CEREMONY-ONLY', 'the projects of this organisation come from ceremonies')
        if (!nameShape.test(name)) return refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters')
        const id = randomUUID()
        subject.project = id
        return accept(
          await database.transaction().execute(async (work) => {
            const made = await work
              .insertInto('project')
              .values({ id, organisation_id: organisation, name })
              .returningAll()
              .executeTakeFirstOrThrow()
            await parents.makeProjectKek(work, organisation, id)
            return made
          }),
        )
      })
    },

    /**
     * Whether keys of a project may be made so that they leave in the clear, and leave so; `wrapped`: none does, but they leave wrapped
     * under keys that somebody has. Refuses PROJECT-ABSENT.
     */
    letPlainKeys(
      call: Call,
      { project, allowed }: { readonly project: string; readonly allowed: PlainKeys },
    ): Promise<Outcome<null>> {
      return record(call, 'project.let-plain-keys', async (subject) => {
        const row = await database
          .selectFrom('project')
          .select('organisation_id')
          .where('id', '=', project)
          .executeTakeFirst()
        if (!row) return refuse('PROJECT-ABSENT', `there is no project ${project}`)
        const place = { organisation: row.organisation_id, project }
        Object.assign(subject, place)
        const may = authorize(call.caller, 'project.create', { kind: 'project', ...place })
        if (!may.ok) return may
        await database
          .updateTable('project')
          .set({ plain_export: allowed === 'yes', wrapped_export: allowed === 'wrapped' })
          .where('id', '=', project)
          .execute()
        return accept(null)
      })
    },

    listProjects(call: Call, organisation: string): Promise<Outcome<Project[]>> {
      return record(call, 'project.list', async (subject) => {
        const row = await database
          .selectFrom('organisation')
          .select('id')
          .where('id', '=', organisation)
          .executeTakeFirst()
        if (!row) return absent('organisation')
        subject.organisation = organisation
        const projects = await database
          .selectFrom('project')
          .selectAll()
          .where('organisation_id', '=', organisation)
          .orderBy('created_at')
          .orderBy('id')
          .execute()
        const allowed = authorize(call.caller, 'organisation.read', { kind: 'organisation', organisation })
        if (allowed.ok) return accept(projects)
        // Who has a role in some of them sees those.
        const seen = projects.filter(
          ({ id }) =>
            authorize(call.caller, 'project.read', { kind: 'project', organisation, project: id }).ok,
        )
        return seen.length > 0 ? accept(seen) : allowed
      })
    },

    /** The versions of the keys above data keys: the roots, the organisation's and its projects'. */
    readParents(call: Call, organisation: string): Promise<Outcome<Parents>> {
      return record(call, 'organisation.read-parents', async (subject) => {
        const row = await database
          .selectFrom('organisation')
          .select('id')
          .where('id', '=', organisation)
          .executeTakeFirst()
        if (!row) return absent('organisation')
        subject.organisation = organisation
        const allowed = authorize(call.caller, 'organisation.read', { kind: 'organisation', organisation })
        if (!allowed.ok) return allowed
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
      })
    },

    /** A machine identity with roles that its maker may give. Its secret is in the outcome, once. */
    createIdentity(call: Call, wanted: NewIdentity): Promise<Outcome<Credentials>> {
      return record(call, 'identity.create', async (subject) => {
        // Before each of its roles is looked up.
        const within = checkNewIdentity(wanted)
        if (!within.ok) return within
        const given = await mayGive(call, subject, wanted.grants)
        if (!given.ok) return given
        return database.transaction().execute((work) => insertIdentity(work, wanted))
      })
    },

    /** No token lives longer than a second more. Given again, it changes nothing. */
    revokeIdentity(call: Call, id: string): Promise<Outcome<null>> {
      return record(call, 'identity.revoke', async () => {
        const found = await governed(call, id)
        if (!found.ok) return found
        const left = await notTheLast(database, id)
        if (!left.ok) return left
        // An identity provider does not begin again what was ended here.
        await database
          .updateTable('member')
          .set({ deactivated_at: null })
          .where('identity_id', '=', id)
          .execute()
        await database
          .updateTable('identity')
          .set({ revoked_at: now() })
          .where('id', '=', id)
          .where('revoked_at', 'is', null)
          .execute()
        return accept(null)
      })
    },

    /** A code for the first server admin, 15 minutes; a new one replaces it. Null once there was an admin. */
    async offerSetup(): Promise<string | null> {
      const code = randomBytes(16).toString('base64url')
      const offered = await database
        .updateTable('deployment')
        .set({ setup_code_hash: hashOf(code), setup_expires_at: new Date(now().getTime() + setupLives) })
        .where('set_up_at', 'is', null)
        .executeTakeFirst()
      return Number(offered.numUpdatedRows) === 0 ? null : code
    },

    /**
     * Makes the first server admin, a person where a username is given: again by the same code until a server admin has enrolled, then never.
     * Refuses SETUP-REFUSED in one text, whatever the reason.
     */
    async setUp(
      { code, name, username }: { code: string; name: string; username?: string },
      asked: Attempt,
    ): Promise<Outcome<{ readonly admin: Credentials | Enrolment; readonly call: Call }>> {
      type Done = Outcome<{ readonly admin: Credentials | Enrolment; readonly call: Call }>
      const done = await database.transaction().execute(async (work): Promise<Done> => {
        const row = await work
          .selectFrom('deployment')
          .select(['id', 'domain', 'setup_code_hash', 'setup_expires_at', 'set_up_at'])
          .forUpdate()
          .executeTakeFirstOrThrow()
        const same = timingSafeEqual(hashOf(code), row.setup_code_hash ?? Buffer.alloc(32))
        const open = row.set_up_at === null && row.setup_expires_at !== null && row.setup_expires_at > now()
        if (!same || !open || row.setup_code_hash === null)
          return refuse('SETUP-REFUSED', 'the code is wrong, used or expired')
        const rehearses = row.domain === 'rehearsal' && username !== undefined
        const grants = rehearses ? await rehearsalGrants(work) : firstGrants
        const made =
          username === undefined
            ? await insertIdentity(work, { name, grants })
            : await insertFirstPerson(work, { name, username, grants })
        if (!made.ok) return made
        // A person ends it by enrolling: until then a page that was loaded anew begins again.
        if (username === undefined) await endSetUp(work, now())
        const admin = made.value
        const call = knownBy(asked, admin.identity, { grants })
        return record(call, 'deployment.set-up', async () => accept({ admin, call }))
      })
      return strangers.counted(asked, done)
    },

    /** As `setUp`, for who may appoint server admins and has no code. Refuses ADMIN-EXISTS. */
    createFirstAdmin(call: Call, wanted: Omit<NewPerson, 'grants'>): Promise<Outcome<Enrolment>> {
      return database.transaction().execute((work) =>
        // Within it: what the log does not have is not done.
        record(call, 'deployment.set-up', async () => {
          const allowed = authorize(call.caller, 'organisation.appoint', { kind: 'deployment' })
          if (!allowed.ok) return allowed
          const { set_up_at } = await work
            .selectFrom('deployment')
            .select('set_up_at')
            .forUpdate()
            .executeTakeFirstOrThrow()
          if (set_up_at !== null) return refuse('ADMIN-EXISTS', 'the first server admin was made before')
          return insertFirstPerson(work, { ...wanted, grants: firstGrants })
        }),
      )
    },
  }

  /** Where nothing counts, the first person may try everything: in the oldest organisation, that of the training. */
  async function rehearsalGrants(work: Work): Promise<readonly Grant[]> {
    const oldest = await work
      .selectFrom('organisation')
      .select('id')
      .orderBy('created_at')
      .limit(1)
      .executeTakeFirst()
    if (oldest === undefined) return firstGrants
    const everywhere = { organisation: null, project: null }
    return [
      ...firstGrants,
      ...(['auditor', 'operator'] as const).map((role) => ({ role, ...everywhere })),
      ...(['organisation-admin', 'crypto-officer', 'user'] as const).map((role) => ({
        ...{ role, organisation: oldest.id, project: null },
      })),
    ]
  }

  /** In the place of whoever was to be the first admin and has not enrolled: his code ends. The deployment's row is locked. */
  async function insertFirstPerson(work: Work, wanted: NewPerson): Promise<Outcome<Enrolment>> {
    const before = await work
      .selectFrom('person')
      .innerJoin('role_grant', 'role_grant.identity_id', 'person.identity_id')
      .select('person.identity_id')
      .where('role_grant.role', '=', 'server-admin')
      .where('person.enrolment_hash', 'is not', null)
      .execute()
    for (const { identity_id } of before) {
      await work.deleteFrom('person').where('identity_id', '=', identity_id).execute()
      await work.deleteFrom('role_grant').where('identity_id', '=', identity_id).execute()
      await work.updateTable('identity').set({ revoked_at: now() }).where('id', '=', identity_id).execute()
    }
    return insertPerson(work, wanted, now())
  }
}

const firstGrants = [{ role: 'server-admin', organisation: null, project: null }] as const

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code, 'utf8').digest()
}
