import { sql } from 'kysely'
import type { Call, Record } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { grantsOf, openAppointing } from './appointing.ts'
import type { Grant } from './authorize.ts'
import { checkPage, type Page } from './page.ts'
import { hashSecret } from './tokens.ts'

/** A role with the names of the places that it holds in. */
export type NamedGrant = Grant & {
  readonly organisationName: string | null
  readonly projectName: string | null
}

export type Listed = {
  readonly id: string
  readonly name: string
  /** Of a person; null of a service. */
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
  const { governed } = openAppointing(database)

  return {
    /** The caller as the server knows him. */
    self(call: Call): Promise<Outcome<Listed>> {
      return record(call, 'identity.read-own', async () => {
        const row = await rows().where('identity.id', '=', call.caller.identity).executeTakeFirst()
        if (row === undefined) return refuse('OBJECT-ABSENT', 'Identity not found')
        return accept(await toListed(row, await grantsOf(database, row.id)))
      })
    },

    /** Those all of whose roles are the caller's to give, by name. */
    list(call: Call, page: Page): Promise<Outcome<readonly Listed[]>> {
      return record(call, 'identity.list', async () => {
        const within = checkPage(page)
        if (!within.ok) return within
        const found = await rows().orderBy('identity.name').orderBy('identity.id').execute()
        const seen: Listed[] = []
        for (const row of found) {
          if (seen.length === page.offset + page.limit) break
          const grants = await governed(call, row.id)
          if (grants.ok) seen.push(await toListed(row, grants.value))
        }
        return accept(seen.slice(page.offset))
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
      .select([
        ...(['identity.id', 'identity.name', 'identity.revoked_at', 'identity.created_at'] as const),
        'person.username',
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
