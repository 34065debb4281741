import { sql } from 'kysely'
import type { Call, Record } from '../audit/record.ts'
import { checkSearch } from '../keys/named.ts'
import type { Database } from '../platform/database/open.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { governs, grantsOf } from './appointing.ts'
import type { Grant } from './authorize.ts'
import { readConditions } from './conditions.ts'
import { checkPage, type Page } from './page.ts'
import { hashSecret } from './tokens.ts'

/** A role with the names of the places that it holds in. */
export type NamedGrant = Grant & {
  readonly organisationName: string | null
  readonly projectName: string | null
}

export type IdentityKind = 'person' | 'service'

export type Listed = {
  readonly id: string
  readonly kind: IdentityKind
  readonly name: string
  /** Of a person who logs in by password here; null of one whom a provider knows, and of a service. */
  readonly username: string | null
  /** A person who has yet to set password and second factor. */
  readonly invited: boolean
  readonly revokedAt: Date | null
  readonly createdAt: Date
  readonly grants: readonly NamedGrant[]
}

type Parts = { readonly database: Database; readonly record: Record; now(): Date }

export type Directory = ReturnType<typeof openDirectory>

/** Who is here: oneself, and those whom one may appoint. */
export function openDirectory({ database, record, now }: Parts) {
  return {
    /** The caller as the server knows him. */
    self(call: Call): Promise<Outcome<Listed>> {
      return record(call, 'identity.read-own', async () => {
        const row = await rows().where('identity.id', '=', call.caller.identity).executeTakeFirst()
        if (row === undefined) return refuse('OBJECT-ABSENT', 'Identity not found')
        return accept(await toListed(row, await grantsOf(database, row.id)))
      })
    },

    /** Those all of whose roles are the caller's to give, by name; `search`: a part of the name or of the username. */
    list(
      call: Call,
      {
        kind = null,
        search = null,
        ...page
      }: Page & { readonly kind?: IdentityKind | null; readonly search?: string | null },
    ): Promise<Outcome<{ readonly identities: readonly Listed[]; readonly totalCount: number }>> {
      return record(call, 'identity.list', async () => {
        const within = checkPage(page)
        if (!within.ok) return within
        const short = checkSearch(search)
        if (!short.ok) return short
        const [found, all] = await Promise.all([
          rows().orderBy('identity.name').orderBy('identity.id').execute(),
          database
            .selectFrom('role_grant')
            .select(['identity_id', 'role', 'organisation_id as organisation', 'project_id as project'])
            .select('conditions')
            .execute(),
        ])
        const grants = Map.groupBy(all, ({ identity_id }) => identity_id)
        const grantsHere = (id: string): readonly Grant[] =>
          (grants.get(id) ?? []).map(({ identity_id: _, ...row }) => ({
            ...row,
            conditions: readConditions(row.conditions),
          }))
        const wanted = search?.toLowerCase() ?? ''
        const seen = found.filter(
          (row) =>
            (kind === null || kindOf(row) === kind) &&
            [row.name, row.username, row.member_name].some((one) => one?.toLowerCase().includes(wanted)) &&
            governs(call, grantsHere(row.id)),
        )
        const shown = seen.slice(page.offset, page.offset + page.limit)
        return accept({
          identities: await Promise.all(shown.map((row) => toListed(row, grantsHere(row.id)))),
          totalCount: seen.length,
        })
      })
    },

    /** This session is over at once. */
    logOut(call: Call, accessToken: string): Promise<Outcome<null>> {
      return record(call, 'person.log-out', async () => {
        const ended = await database
          .updateTable('token')
          .set({ revoked_at: now() })
          .where('hash', '=', hashSecret(accessToken))
          .where('identity_id', '=', call.caller.identity)
          .where('revoked_at', 'is', null)
          .executeTakeFirst()
        return Number(ended.numUpdatedRows) === 1
          ? accept(null)
          : refuse('ACCESS-REFUSED', 'there is no such session')
      })
    },

    /** Whether the first server admin was made: until then there is nobody to log in. */
    async isSetUp(): Promise<boolean> {
      const row = await database.selectFrom('deployment').select('set_up_at').executeTakeFirstOrThrow()
      return row.set_up_at !== null
    },
  }

  function rows() {
    return database
      .selectFrom('identity')
      .leftJoin('person', 'person.identity_id', 'identity.id')
      .leftJoin('member', 'member.identity_id', 'identity.id')
      .select([
        ...(['identity.id', 'identity.name', 'identity.revoked_at', 'identity.created_at'] as const),
        'person.username',
        'member.username as member_name',
        sql<boolean>`member.identity_id is not null`.as('is_member'),
        sql<boolean>`coalesce(person.enrolment_hash is not null, false)`.as('invited'),
      ])
  }

  async function toListed(
    row: Awaited<ReturnType<ReturnType<typeof rows>['executeTakeFirstOrThrow']>>,
    grants: readonly Grant[],
  ): Promise<Listed> {
    const organisations = grants.flatMap(({ organisation }) => organisation ?? [])
    const projects = grants.flatMap(({ project }) => project ?? [])
    const [itsOrganisations, itsProjects] = await Promise.all([
      organisations.length === 0
        ? []
        : database
            .selectFrom('organisation')
            .select(['id', 'name'])
            .where('id', 'in', organisations)
            .execute(),
      projects.length === 0
        ? []
        : database.selectFrom('project').select(['id', 'name']).where('id', 'in', projects).execute(),
    ])
    const named = (among: readonly { id: string; name: string }[], id: string | null) =>
      among.find((one) => one.id === id)?.name ?? null
    return {
      id: row.id,
      kind: kindOf(row),
      name: row.name,
      username: row.username,
      invited: row.invited,
      revokedAt: row.revoked_at,
      createdAt: row.created_at,
      grants: grants.map((grant) => ({
        ...grant,
        organisationName: named(itsOrganisations, grant.organisation),
        projectName: named(itsProjects, grant.project),
      })),
    }
  }
}

/** A person logs in by password, or by a provider that knows him. */
const kindOf = (row: { readonly username: string | null; readonly is_member: boolean }): IdentityKind =>
  row.username !== null || row.is_member ? 'person' : 'service'
