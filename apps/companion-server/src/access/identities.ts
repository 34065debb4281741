import { sql } from 'kysely'
import { checkSearch, maxSearch } from '../keys/named.ts'
import { changesAlone, entry, ofOneself, paged, pageOf, reads } from '../operations/entry.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import { type Reader, readerOf } from '../platform/database/reader.ts'
import { accept, refuse } from '../refusal.ts'
import { absentIdentity, governedWith, grantsOf, mayGovern, placesOf } from './appointing.ts'
import type { Grant } from './authorize.ts'
import { notTheLast } from './break-glass.ts'
import { readConditions } from './conditions.ts'
import { governing } from './credentials.ts'
import { nobody } from './duties/rules.ts'
import { grantOf, grants, id, name } from './fields.ts'
import { roles } from './role-names.ts'
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
  /** What a person shows beside the password; null of one whom a provider knows, and of a service. */
  readonly factor: Factor | null
  readonly revokedAt: Date | null
  readonly createdAt: Date
  readonly grants: readonly NamedGrant[]
}

export const factors = ['none', 'app', 'security-key'] as const
type Factor = (typeof factors)[number]

export const identityStates = ['active', 'invited', 'revoked'] as const

/** `lastSeen`: its newest entry in the log; null: none, as far as the log goes back. */
export type InList = Listed & { readonly lastSeen: Date | null }

type Parts = { readonly database: SealedDatabase; readonly reader?: Reader; now(): Date }

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

    /** The token that asks is over at once, an API key too. */
    endToken: entry({
      ...changesAlone,
      touches: nobody,
      ...ofOneself,
      name: 'identity.end-token',
      isChange: false,
      input: {},
      async run({ call: { caller } }) {
        const over = await database.change((work) =>
          work.authority.update(
            'token',
            { id: caller.token ?? '', identity_id: caller.identity, revoked_at: null },
            { revoked_at: now() },
          ),
        )
        return over.length === 1 ? accept(null) : refuse('ACCESS-REFUSED', 'no token asked')
      },
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

function shownEntries({ database, reader = readerOf(database), now }: Parts) {
  return {
    /** The token that asks, and never what it is. */
    ownToken: entry({
      ...reads,
      ...ofOneself,
      name: 'identity.read-token',
      input: {},
      async run({ call: { caller } }) {
        const row = await database
          .selectFrom('token')
          .selectAll()
          .where('id', '=', caller.token ?? '')
          .where('identity_id', '=', caller.identity)
          .executeTakeFirst()
        if (row === undefined) return refuse('ACCESS-REFUSED', 'no token asked')
        await database.authority.vouch('token', [row], { id: row.id })
        return accept({
          ...{ id: row.id, identity: caller.identity, name: row.name, rule: row.workload_rule_id },
          ...{ createdAt: row.created_at, expiresAt: row.expires_at },
          isRenewable: row.name === null && caller.session === undefined,
        })
      },
    }),

    /** The caller as the server knows him. */
    self: entry({
      ...reads,
      ...ofOneself,
      name: 'identity.read-own',
      input: {},
      async run({ found }) {
        const row = await rowsOf(database).where('identity.id', '=', found).executeTakeFirst()
        if (row === undefined) return absentIdentity()
        const [own] = await toListed(database, [{ row, grants: await grantsOf(database, row.id) }])
        return own === undefined ? absentIdentity() : accept(own)
      },
    }),

    /** Those all of whose roles are the caller's to give; `search`: a part of the name or of the username. */
    listIdentities: entry({
      ...reads,
      ...ofOneself,
      name: 'identity.list',
      input: {
        ...paged,
        kind: Type.Optional(Type.Enum([...identityKinds])),
        search: Type.Optional(Type.String({ maxLength: maxSearch })),
        /** Who has such a role, and in this organisation or project, by its id; one of an organisation is none of its projects. */
        role: Type.Optional(Type.Enum([...roles])),
        where: Type.Optional(id),
        state: Type.Optional(Type.Enum([...identityStates])),
        factor: Type.Optional(Type.Enum([...factors])),
        /** Who has no entry in the log of so many days. */
        unseenDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
        orderBy: Type.Optional(Type.Enum(['name', 'createdAt', 'lastSeen'])),
        orderDirection: Type.Optional(Type.Enum(['asc', 'desc'])),
      },
      fits: ({ input: { search = null } }) => checkSearch(search),
      async run({ call, input }) {
        const { offset, limit } = pageOf(input)
        const [rows, all] = await Promise.all([
          rowsOf(database).orderBy('identity.name').orderBy('identity.id').execute(),
          database
            .selectFrom('role_grant')
            .select(['identity_id', 'role', 'organisation_id as organisation', 'project_id as project'])
            .select('conditions')
            .execute(),
        ])
        const grants = Map.groupBy(all, ({ identity_id }) => identity_id)
        const governed = rows
          .filter((row) => input.kind === undefined || kindOf(row) === input.kind)
          .map((row) => ({ row, grants: (grants.get(row.id) ?? []).map(grantIn) }))
          .filter(({ row, grants }) => mayGovern(call.caller, governedWith(row.id, grants)).ok)
        const matching = governed.filter((one) => fits(one, input))
        const { unseenDays, orderBy = 'name', orderDirection = 'asc' } = input
        const bySight = unseenDays !== undefined || orderBy === 'lastSeen'
        const sights = bySight ? await seenLast(matching.map(({ row }) => row.id)) : null
        const since = now().getTime() - (unseenDays ?? 0) * 86_400_000
        const wanted = matching.filter(
          ({ row }) => unseenDays === undefined || (sights?.get(row.id)?.getTime() ?? 0) < since,
        )
        const timeOf = ({ row }: (typeof matching)[number]): number =>
          orderBy === 'createdAt' ? row.created_at.getTime() : (sights?.get(row.id)?.getTime() ?? 0)
        const ordered =
          orderBy === 'name' ? wanted : wanted.toSorted((one, other) => timeOf(one) - timeOf(other))
        const shown = (orderDirection === 'desc' ? ordered.toReversed() : ordered).slice(
          offset,
          offset + limit,
        )
        const [listed, seen] = await Promise.all([
          toListed(database, shown),
          sights ?? seenLast(shown.map(({ row }) => row.id)),
        ])
        return accept({
          identities: listed.map((one): InList => ({ ...one, lastSeen: seen.get(one.id) ?? null })),
          totalCount: wanted.length,
          // Of everybody here, whatever was searched for.
          allCount: governed.length,
          withoutFactor: governed.filter(({ row }) => row.revoked_at === null && factorOf(row) === 'none')
            .length,
        })
      },
    }),
  }

  async function seenLast(ids: readonly string[]): Promise<ReadonlyMap<string, Date>> {
    if (ids.length === 0) return new Map()
    const { rows } = await reader.read((from) =>
      sql<{ id: string; time: Date }>`
        select wanted.id, seen.time from unnest(${ids}::text[]) as wanted (id), lateral (
          select time from audit where identity_id = wanted.id order by time desc limit 1) as seen`.execute(
        from,
      ),
    )
    return new Map(rows.map(({ id, time }) => [id, time]))
  }
}

type FoundGrant = {
  readonly role: Grant['role']
  readonly organisation: string | null
  readonly project: string | null
  readonly conditions: unknown
}
const grantIn = ({ role, organisation, project, conditions }: FoundGrant): Grant => ({
  ...{ role, organisation, project },
  conditions: readConditions(conditions),
})

type Wanted = {
  readonly search?: string
  readonly role?: Grant['role']
  readonly where?: string
  readonly state?: (typeof identityStates)[number]
  readonly factor?: Factor
}

function fits({ row, grants }: WithGrants, wanted: Wanted): boolean {
  const { role, where } = wanted
  const part = wanted.search?.toLowerCase() ?? ''
  return (
    [row.name, row.username, row.member_name].some((one) => one?.toLowerCase().includes(part)) &&
    (wanted.state === undefined || stateOf(row) === wanted.state) &&
    (wanted.factor === undefined || factorOf(row) === wanted.factor) &&
    grants.some(
      (grant) =>
        (role === undefined || grant.role === role) &&
        (where === undefined || grant.organisation === where || grant.project === where),
    )
  )
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
    .select(sql<boolean>`person.totp_sealed is not null`.as('has_app'))
    .select(
      sql<boolean>`exists (select 1 from authenticator where authenticator.identity_id = identity.id)`.as(
        'has_key',
      ),
    )

/** A person logs in by password, or by a provider that knows him. */
const kindOf = (row: { readonly username: string | null; readonly is_member: boolean }): IdentityKind =>
  row.username !== null || row.is_member ? 'person' : 'service'

type Row = Awaited<ReturnType<ReturnType<typeof rowsOf>['executeTakeFirstOrThrow']>>
type WithGrants = { readonly row: Row; readonly grants: readonly Grant[] }

const stateOf = (row: Row): (typeof identityStates)[number] =>
  row.revoked_at !== null ? 'revoked' : row.invited ? 'invited' : 'active'

/** A provider asks for its own. */
const factorOf = (row: Row): Factor | null =>
  row.username === null ? null : row.has_key ? 'security-key' : row.has_app ? 'app' : 'none'

/** The names of their places are read once for all. */
async function toListed(database: SealedDatabase, found: readonly WithGrants[]): Promise<readonly Listed[]> {
  const named = async (table: 'organisation' | 'project') => {
    const ids = [...new Set(found.flatMap(({ grants }) => grants.flatMap((grant) => grant[table] ?? [])))]
    const rows =
      ids.length === 0
        ? []
        : await database.selectFrom(table).select(['id', 'name']).where('id', 'in', ids).execute()
    return new Map(rows.map(({ id, name }) => [id, name]))
  }
  const [organisations, projects] = await Promise.all([named('organisation'), named('project')])
  return found.map(({ row, grants }) => ({
    id: row.id,
    kind: kindOf(row),
    name: row.name,
    username: row.username,
    invited: row.invited,
    factor: factorOf(row),
    revokedAt: row.revoked_at,
    createdAt: row.created_at,
    grants: grants.map((grant) => ({
      ...grant,
      organisationName: organisations.get(grant.organisation ?? '') ?? null,
      projectName: projects.get(grant.project ?? '') ?? null,
    })),
  }))
}
