import { sql } from 'kysely'
import { checkSearch, maxSearch } from '../keys/named.ts'
import { changesAlone, entry, ofOneself, paged, pageOf, reads } from '../operations/entry.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import { accept, refuse } from '../refusal.ts'
import { absentIdentity, governedWith, grantsOf, mayGovern, placesOf } from './appointing.ts'
import type { Grant } from './authorize.ts'
import { notTheLast } from './break-glass.ts'
import { readConditions } from './conditions.ts'
import { governing } from './credentials.ts'
import { nobody } from './duties/rules.ts'
import { grantOf, grants, id, name } from './fields.ts'
import { checkNewIdentity, insertIdentity, maxTokenTtl, minTokenTtl } from './tokens.ts'

/** A role with the names of the places that it holds in. */
type NamedGrant = Grant & { readonly organisationName: string | null; readonly projectName: string | null }

export const identityKinds = ['service', 'person'] as const
export type IdentityKind = (typeof identityKinds)[number]

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

type Parts = { readonly database: SealedDatabase; now(): Date }

/** Every token of an identity, API keys too, and every log-in under way. How many tokens it ended. */
export async function endTokens(work: Work, identity: string, at: Date): Promise<number> {
  await work.deleteFrom('sign_on_attempt').where('identity_id', '=', identity).execute()
  const ended = await work.authority.update(
    'token',
    { identity_id: identity, revoked_at: null },
    { revoked_at: at },
  )
  return ended.length
}

/** Who is here: machines are made and ended, sessions ended, and each is shown to whoever may appoint him. */
export const identityTable = (parts: Parts) => ({ ...shownEntries(parts), ...livingEntries(parts) })

function livingEntries({ database, now }: Parts) {
  const ended = async (identity: string) =>
    accept({
      ended: await database.change((work) => endTokens(work, identity, now())),
    })

  return {
    /** A machine identity with roles that its maker may give. Its secret is in the outcome, once. */
    createIdentity: entry({
      ...changesAlone,
      touches: ({ name, grants }) =>
        grants.map((grant) => ({ gives: grantOf(grant), to: `new service ${JSON.stringify(name)}` })),
      name: 'identity.create',
      input: {
        name,
        grants,
        ttlSeconds: Type.Optional(Type.Integer({ minimum: minTokenTtl, maximum: maxTokenTtl })),
      },
      async find(wanted) {
        const all = { ...wanted, grants: wanted.grants.map(grantOf) }
        // Before each of its roles is looked up.
        const within = checkNewIdentity(all)
        return within.ok ? placesOf(database, all.grants, now()) : within
      },
      permissions: (places) => places.map((gives) => ({ gives })),
      secondFactor: true,
      run: ({ call, input }) =>
        database.change((work) =>
          insertIdentity(work, { ...input, grants: input.grants.map(grantOf) }, call.caller.identity),
        ),
    }),

    /** No token lives longer than a second more. Given again, it changes nothing. */
    revokeIdentity: entry({
      ...changesAlone,
      touches: nobody,
      ...governing(database),
      name: 'identity.revoke',
      input: { identity: id },
      fits: ({ input: { identity } }) => notTheLast(database, identity),
      async run({ input: { identity } }) {
        return database.change(async (work) => {
          // An identity provider does not begin again what was ended here.
          await work.authority.update('member', { identity_id: identity }, { deactivated_at: null })
          await work.authority.update('identity', { id: identity, revoked_at: null }, { revoked_at: now() })
          return accept(null)
        })
      },
    }),

    /** Known to every process within a second: for whoever governs the identity, and for oneself. */
    logOutEverywhere: entry({
      ...changesAlone,
      touches: nobody,
      ...governing(database, { orOwn: true }),
      name: 'identity.log-out-everywhere',
      isChange: false,
      input: { identity: id },
      run: ({ input: { identity } }) => ended(identity),
    }),

    logOutOneself: entry({
      ...changesAlone,
      touches: nobody,
      ...ofOneself,
      name: 'identity.log-out-everywhere',
      isChange: false,
      input: {},
      run: ({ found: identity }) => ended(identity),
    }),

    /** This session is over at once. */
    logOut: entry({
      ...changesAlone,
      touches: nobody,
      ...ofOneself,
      name: 'person.log-out',
      isChange: false,
      input: {},
      async run({ call: { caller } }) {
        const token = caller.session?.token ?? ''
        const over = await database.change((work) =>
          work.authority.update(
            'token',
            { id: token, identity_id: caller.identity, revoked_at: null },
            { revoked_at: now() },
          ),
        )
        return over.length === 1 ? accept(null) : refuse('ACCESS-REFUSED', 'there is no such session')
      },
    }),
  }
}

function shownEntries({ database }: Parts) {
  return {
    /** The caller as the server knows him. */
    self: entry({
      ...reads,
      ...ofOneself,
      name: 'identity.read-own',
      input: {},
      async run({ found }) {
        const row = await rowsOf(database).where('identity.id', '=', found).executeTakeFirst()
        if (row === undefined) return absentIdentity()
        return accept(await toListed(database, row, await grantsOf(database, row.id)))
      },
    }),

    /** Those all of whose roles are the caller's to give, by name; `search`: a part of the name or of the username. */
    listIdentities: entry({
      ...reads,
      ...ofOneself,
      name: 'identity.list',
      input: {
        ...paged,
        kind: Type.Optional(Type.Enum([...identityKinds])),
        search: Type.Optional(Type.String({ maxLength: maxSearch })),
      },
      fits: ({ input: { search = null } }) => checkSearch(search),
      async run({ call, input }) {
        const { offset, limit } = pageOf(input)
        const [found, all] = await Promise.all([
          rowsOf(database).orderBy('identity.name').orderBy('identity.id').execute(),
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
        const wanted = input.search?.toLowerCase() ?? ''
        const seen = found.filter(
          (row) =>
            (input.kind === undefined || kindOf(row) === input.kind) &&
            [row.name, row.username, row.member_name].some((one) => one?.toLowerCase().includes(wanted)) &&
            mayGovern(call.caller, governedWith(row.id, grantsHere(row.id))).ok,
        )
        const shown = seen.slice(offset, offset + limit)
        return accept({
          identities: await Promise.all(shown.map((row) => toListed(database, row, grantsHere(row.id)))),
          totalCount: seen.length,
        })
      },
    }),
  }
}

/** Whether the first server admin was made: until then there is nobody to log in. */
export async function isSetUp(database: SealedDatabase): Promise<boolean> {
  const row = await database.selectFrom('deployment').select('set_up_at').executeTakeFirstOrThrow()
  return row.set_up_at !== null
}

const rowsOf = (database: SealedDatabase) =>
  database
    .selectFrom('identity')
    .leftJoin('person', 'person.identity_id', 'identity.id')
    .leftJoin('member', 'member.identity_id', 'identity.id')
    .select(['identity.id', 'identity.name', 'identity.revoked_at', 'identity.created_at', 'person.username'])
    .select(['member.username as member_name', sql<boolean>`member.identity_id is not null`.as('is_member')])
    .select(sql<boolean>`coalesce(person.enrolment_hash is not null, false)`.as('invited'))

/** A person logs in by password, or by a provider that knows him. */
const kindOf = (row: { readonly username: string | null; readonly is_member: boolean }): IdentityKind =>
  row.username !== null || row.is_member ? 'person' : 'service'

async function toListed(
  database: SealedDatabase,
  {
    revoked_at,
    created_at,
    ...row
  }: Awaited<ReturnType<ReturnType<typeof rowsOf>['executeTakeFirstOrThrow']>>,
  grants: readonly Grant[],
): Promise<Listed> {
  const named = async (table: 'organisation' | 'project') => {
    const ids = grants.flatMap((grant) => grant[table] ?? [])
    const rows =
      ids.length === 0
        ? []
        : await database.selectFrom(table).select(['id', 'name']).where('id', 'in', ids).execute()
    return new Map(rows.map(({ id, name }) => [id, name]))
  }
  const [organisations, projects] = await Promise.all([named('organisation'), named('project')])
  return {
    id: row.id,
    kind: kindOf(row),
    name: row.name,
    username: row.username,
    invited: row.invited,
    revokedAt: revoked_at,
    createdAt: created_at,
    grants: grants.map((grant) => ({
      ...grant,
      organisationName: organisations.get(grant.organisation ?? '') ?? null,
      projectName: projects.get(grant.project ?? '') ?? null,
    })),
  }
}
