import { randomUUID } from 'node:crypto'
import { sql } from 'kysely'
import { guardsTouched } from '../../access/duties/guards.ts'
import { nobody } from '../../access/duties/rules.ts'
import { endTokens } from '../../access/identities.ts'
import { hashSecret } from '../../access/tokens.ts'
import type { Call } from '../../audit/record.ts'
import { changesAlone, entry, given, type Permission, reads } from '../../operations/entry.ts'
import { Type } from '../../operations/schema.ts'
import type { SealedDatabase, Work } from '../../platform/database/authority/authority.ts'
import { whole } from '../../platform/database/whole.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { deactivate, memberIn, newMember, reactivate, regrant, shownName } from '../members.ts'
import { patched } from './patch.ts'
import {
  groupDocument,
  groupFrom,
  pageOf,
  type ScimGroup,
  type ScimPage,
  type ScimUser,
  type Stored,
  userDocument,
  userFrom,
} from './resource.ts'

type Parts = { readonly database: SealedDatabase; now(): Date }

/** Whose token it is: a provider, which says what its own members and groups are, and nothing else. */
export type ScimClient = {
  readonly provider: string
  readonly name: string
  readonly organisation: string | null
}
type Of = Pick<ScimClient, 'provider'>
type Own = { readonly identity: string; readonly provider: string; readonly organisation: string | null }
type User = ReturnType<typeof userDocument>
type Group = ReturnType<typeof groupDocument>

const maxMembers = 20_000
const maxGroups = 5000

const id = Type.String({ minLength: 1, maxLength: 64 })
/** As SCIM has it: looked at field by field, since providers add what they like. */
const body = given<unknown>()
const page = given<ScimPage>()

const ofProvider = {
  find: (_: unknown, { caller: { identity, provider } }: Call): Outcome<Own> =>
    provider === undefined
      ? refuse('ACCESS-REFUSED', 'it is for identity providers')
      : accept({ identity, provider: provider.id, organisation: provider.organisation }),
  permissions: ({ identity, organisation }: Own): readonly Permission[] => [
    { own: [identity], at: { organisation, project: null, key: null } },
  ],
}
const readable = { ...reads, ...ofProvider }
const changing = { ...changesAlone, ...ofProvider, touches: nobody }

/** Not kept: a revoked token is over at once. */
export async function scimClient(database: SealedDatabase, token: string): Promise<ScimClient | 'unknown'> {
  const row = await database
    .selectFrom('identity_provider')
    .selectAll()
    .where('scim_token_hash', '=', hashSecret(token))
    .where('removed_at', 'is', null)
    .executeTakeFirst()
  if (!row) return 'unknown'
  await database.authority.vouch('identity_provider', [row], {
    scim_token_hash: hashSecret(token),
    removed_at: null,
  })
  return { provider: row.id, name: row.name, organisation: row.organisation_id }
}

/** SCIM 2.0: an identity provider makes, changes and deactivates its members here, and says who is in which group. */
export const scimTable = (parts: Parts) => ({ ...userEntries(parts), ...groupEntries(parts) })

function userEntries({ database, now }: Parts) {
  const within = withinOne(database)

  return {
    createUser: entry({
      ...changing,
      name: 'scim.create-user',
      input: { body },
      fits: ({ input }) => userFrom(input.body),
      run: ({ found: client, fitting: user }) =>
        within<User>(async (work) => {
          const subject = subjectOf(user)
          const known = await memberIn(work, client.provider, subject)
          if (known !== null && (await userIn(work, client, known))?.provisioned === true) return taken()
          if (known === null && (await countOf(work, client)) >= maxMembers)
            return refuse('CREDENTIALS-FULL', `a provider has at most ${maxMembers} members`)
          const fresh = { provider: client.provider, id: randomUUID(), subject, name: nameOf(user) }
          return write(work, client, known ?? (await newMember(work, fresh)), user)
        }),
    }),

    readUser: entry({
      ...readable,
      name: 'scim.read-user',
      input: { id },
      run: ({ found, input: { id } }) => within((work) => shownUser(work, found, id)),
    }),

    listUsers: entry({
      ...readable,
      name: 'scim.list-users',
      input: { page },
      async run({ found, input: { page } }) {
        const groups = await groupsByMember(database, found)
        const rows = await users(database, found)
        return pageOf(
          rows.map((user) => userDocument(user, groups.get(user.id) ?? [])),
          page,
        )
      },
    }),

    replaceUser: entry({
      ...changing,
      name: 'scim.replace-user',
      input: { id, body },
      fits: ({ input }) => userFrom(input.body),
      run: ({ found, fitting, input: { id } }) =>
        within<User>(async (work) =>
          (await userIn(work, found, id)) === null ? absentUser() : write(work, found, id, fitting),
        ),
    }),

    patchUser: entry({
      ...changing,
      name: 'scim.patch-user',
      input: { id, body },
      run: ({ found, input: { id, body } }) =>
        within<User>(async (work) => {
          const there = await shownUser(work, found, id)
          if (!there.ok) return there
          const changed = patched('User', there.value, body)
          if (!changed.ok) return changed
          const given = userFrom(changed.value)
          return given.ok ? write(work, found, id, given.value) : given
        }),
    }),

    /** For ever: whoever comes back under the same name is another identity. */
    deleteUser: entry({
      ...changing,
      name: 'scim.delete-user',
      input: { id },
      run: ({ found, input: { id } }) =>
        within<null>(async (work) => {
          if ((await userIn(work, found, id)) === null) return absentUser()
          await work.authority.update('identity', { id, revoked_at: null }, { revoked_at: now() })
          await endTokens(work, id, now())
          await work.authority.remove('member_of_group', { identity_id: id })
          await work.authority.remove('member', { identity_id: id })
          return accept(null)
        }),
    }),
  }

  async function write(work: Work, client: Of, id: string, user: ScimUser): Promise<Outcome<User>> {
    const { userName, externalId, givenName, familyName, email, active } = user
    const kept = await keptApart(work, id, user)
    if (!kept.ok) return kept
    await work.authority.update('identity', { id }, { name: nameOf(user) })
    await work.authority.update(
      'member',
      { identity_id: id },
      {
        ...{ subject: subjectOf(user), username: userName, external_id: externalId },
        ...{ given_name: givenName, family_name: familyName, email, updated_at: now() },
      },
    )
    if (active) await reactivate(work, id)
    else await deactivate(work, id, now())
    await regrant(work, id)
    return shownUser(work, client, id)
  }
}

function groupEntries({ database, now }: Parts) {
  const within = withinOne(database)

  return {
    createGroup: entry({
      ...changing,
      name: 'scim.create-group',
      input: { body },
      fits: ({ input }) => groupFrom(input.body),
      run: ({ found: client, fitting: group }) =>
        within<Group>(async (work) => {
          const there = await groups(work, client)
          if (there.some(({ displayName }) => displayName === group.displayName)) return taken()
          if (there.length >= maxGroups)
            return refuse('CREDENTIALS-FULL', `a provider has at most ${maxGroups} groups`)
          const id = randomUUID()
          await work.authority.insert('member_group', {
            ...{ id, provider_id: client.provider, name: group.displayName },
          })
          return writeGroup(work, client, id, group)
        }),
    }),

    readGroup: entry({
      ...readable,
      name: 'scim.read-group',
      input: { id },
      run: ({ found, input: { id } }) => within((work) => shownGroup(work, found, id)),
    }),

    listGroups: entry({
      ...readable,
      name: 'scim.list-groups',
      input: { page },
      run: async ({ found, input: { page } }) =>
        pageOf((await groups(database, found)).map(groupDocument), page),
    }),

    replaceGroup: entry({
      ...changing,
      name: 'scim.replace-group',
      input: { id, body },
      fits: ({ input }) => groupFrom(input.body),
      run: ({ found, fitting, input: { id } }) =>
        within<Group>(async (work) => {
          const there = await shownGroup(work, found, id)
          return there.ok ? writeGroup(work, found, id, fitting) : there
        }),
    }),

    patchGroup: entry({
      ...changing,
      name: 'scim.patch-group',
      input: { id, body },
      run: ({ found, input: { id, body } }) =>
        within<Group>(async (work) => {
          const there = await shownGroup(work, found, id)
          if (!there.ok) return there
          const changed = patched('Group', there.value, body)
          if (!changed.ok) return changed
          const given = groupFrom(changed.value)
          return given.ok ? writeGroup(work, found, id, given.value) : given
        }),
    }),

    deleteGroup: entry({
      ...changing,
      name: 'scim.delete-group',
      input: { id },
      run: ({ found, input: { id } }) =>
        within<null>(async (work) => {
          const there = await shownGroup(work, found, id)
          if (!there.ok) return there
          await work.authority.remove('member_of_group', { group_id: id })
          await work.authority.remove('member_group', { id })
          for (const { value } of there.value.members) await regrant(work, value)
          return accept(null)
        }),
    }),
  }

  async function writeGroup(
    work: Work,
    client: Of,
    id: string,
    { displayName, externalId, members }: ScimGroup,
  ): Promise<Outcome<Group>> {
    const there = new Set((await users(work, client)).map((user) => user.id))
    if (!members.every((member) => there.has(member)))
      return refuse('SCIM-VALUE', 'a member is no user of this provider')
    const before = await membersOf(work, id)
    await work.authority.update(
      'member_group',
      { id },
      { name: displayName, external_id: externalId, updated_at: now() },
    )
    const [had, has] = [new Set(before), new Set(members)]
    await work.authority.remove('member_of_group', (its) =>
      its.where('group_id', '=', id).where(sql<boolean>`not identity_id = any (${[...has]}::text[])`),
    )
    for (const member of has)
      if (!had.has(member))
        await work.authority.insert('member_of_group', { group_id: id, identity_id: member })
    for (const member of new Set([...had, ...has])) await regrant(work, member)
    return shownGroup(work, client, id)
  }
}

/** DUTY-NO-ASKER: who proves himself as an approver, or comes back as one, is not the provider's to say alone. */
async function keptApart(work: Work, id: string, user: ScimUser): Promise<Outcome<null>> {
  const row = await work
    .selectFrom('member')
    .innerJoin('identity', 'identity.id', 'member.identity_id')
    .select(['member.subject', 'identity.revoked_at'])
    .where('member.identity_id', '=', id)
    .executeTakeFirst()
  const same = row?.subject === subjectOf(user) && (row.revoked_at === null || !user.active)
  if (same || (await guardsTouched(work, [{ takes: id }])).length === 0) return accept(null)
  return refuse('DUTY-NO-ASKER', 'the user approves the use of keys, or may use them without approval')
}

/** What is refused half-way leaves nothing. */
function withinOne(database: SealedDatabase) {
  return async <T>(work: (work: Work) => Promise<Outcome<T>>): Promise<Outcome<T>> => {
    try {
      return await whole(database, work)
    } catch (error) {
      // Two at once: the constraint has the last word.
      if (error instanceof Error && 'code' in error && error.code === '23505') return taken()
      throw error
    }
  }
}

async function shownUser(work: Work, client: Of, id: string): Promise<Outcome<User>> {
  const user = await userIn(work, client, id)
  if (user === null) return absentUser()
  return accept(userDocument(user, (await groupsByMember(work, client)).get(id) ?? []))
}

async function shownGroup(work: Work, client: Of, id: string): Promise<Outcome<Group>> {
  const found = (await groups(work, client)).find((group) => group.id === id)
  return found ? accept(groupDocument(found)) : refuse('OBJECT-ABSENT', 'Group not found')
}

/** What a log-in by this provider has to prove: the id that it gave, or its name for the user. */
const subjectOf = ({ externalId, userName }: ScimUser): string => externalId ?? userName

const nameOf = ({ displayName, givenName, familyName, userName }: ScimUser): string =>
  shownName(displayName, [givenName, familyName].filter((part) => part !== null).join(' '), userName)

const absentUser = () => refuse('OBJECT-ABSENT', 'User not found')
const taken = () => refuse('SCIM-UNIQUE', 'another one has this name or id')

type Found = Stored<ScimUser> & { readonly provisioned: boolean }

async function users(work: SealedDatabase, { provider }: Of, id?: string): Promise<Found[]> {
  const rows = await work
    .selectFrom('member')
    .innerJoin('identity', 'identity.id', 'member.identity_id')
    .selectAll('member')
    .select(['identity.name', 'identity.revoked_at'])
    .where('member.provider_id', '=', provider)
    .$if(id !== undefined, (all) => all.where('member.identity_id', '=', id ?? ''))
    .orderBy('member.created_at')
    .orderBy('member.identity_id')
    .execute()
  return rows.map((row) => ({
    ...{ id: row.identity_id, userName: row.username ?? row.subject, externalId: row.external_id },
    ...{ displayName: row.name, givenName: row.given_name, familyName: row.family_name, email: row.email },
    ...{ active: row.revoked_at === null, created: row.created_at, modified: row.updated_at },
    provisioned: row.username !== null,
  }))
}

async function userIn(work: SealedDatabase, client: Of, id: string): Promise<Found | null> {
  return (await users(work, client, id))[0] ?? null
}

async function countOf(work: SealedDatabase, { provider }: Of): Promise<number> {
  const row = await work
    .selectFrom('member')
    .select(({ fn }) => fn.countAll<string>().as('all'))
    .where('provider_id', '=', provider)
    .executeTakeFirstOrThrow()
  return Number(row.all)
}

async function membersOf(work: SealedDatabase, group: string): Promise<string[]> {
  const rows = await work
    .selectFrom('member_of_group')
    .select('identity_id')
    .where('group_id', '=', group)
    .orderBy('identity_id')
    .execute()
  return rows.map(({ identity_id }) => identity_id)
}

async function groups(work: SealedDatabase, { provider }: Of): Promise<Stored<ScimGroup>[]> {
  const rows = await work
    .selectFrom('member_group')
    .leftJoin('member_of_group', 'member_of_group.group_id', 'member_group.id')
    .selectAll('member_group')
    .select('member_of_group.identity_id as member')
    .where('member_group.provider_id', '=', provider)
    .orderBy('member_group.created_at')
    .orderBy('member_group.id')
    .orderBy('member')
    .execute()
  const found = new Map<string, Stored<ScimGroup> & { readonly members: string[] }>()
  for (const { id, name, external_id, created_at, updated_at, member } of rows) {
    const group = found.get(id) ?? {
      ...{ id, displayName: name, externalId: external_id, members: [] },
      ...{ created: created_at, modified: updated_at },
    }
    if (member !== null) group.members.push(member)
    found.set(id, group)
  }
  return [...found.values()]
}

async function groupsByMember(work: SealedDatabase, client: Of) {
  const found = new Map<string, { id: string; name: string }[]>()
  for (const { id, displayName: name, members } of await groups(work, client))
    for (const member of members) found.set(member, [...(found.get(member) ?? []), { id, name }])
  return found
}
