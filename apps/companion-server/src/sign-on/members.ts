import { sql } from 'kysely'
import { holdIdentity } from '../access/appointing.ts'
import type { Grant } from '../access/authorize.ts'
import { readConditions } from '../access/conditions.ts'
import { endTokens } from '../access/identities.ts'
import { insertGrants, nameShape } from '../access/tokens.ts'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'

/** What a provider proved of who logs in. */
export type Proven = {
  readonly subject: string
  readonly name: string
  readonly groups: readonly string[]
  /** When it saw the person; null where it does not say. */
  readonly provedAt: Date | null
}

/** Seconds: a working day. */
export const memberTokenTtl = 12 * 3600

/** The identity that a provider's subject has here. No other identity is ever taken for it. */
export async function memberIn(
  work: SealedDatabase,
  provider: string,
  subject: string,
): Promise<string | null> {
  const there = await work
    .selectFrom('member')
    .selectAll()
    .where('provider_id', '=', provider)
    .where('subject', '=', subject)
    .executeTakeFirst()
  if (!there) return null
  await work.authority.vouch('member', [there], { provider_id: provider, subject })
  return there.identity_id
}

export async function newMember(
  work: Work,
  { provider, id, subject, name }: { provider: string; id: string; subject: string; name: string },
): Promise<string> {
  const { organisation_id } = await work
    .selectFrom('identity_provider')
    .select('organisation_id')
    .where('id', '=', provider)
    .executeTakeFirstOrThrow()
  await work.authority.insert('identity', {
    ...{ id, name, client_id: null, token_ttl_seconds: memberTokenTtl, revoked_at: null },
    tenant: organisation_id ?? '',
  })
  await work.authority.insert('member', { identity_id: id, provider_id: provider, subject })
  return id
}

async function givesRole(work: Work, provider: string, groups: readonly string[]): Promise<boolean> {
  if (groups.length === 0) return false
  const one = await work
    .selectFrom('group_role')
    .select('id')
    .where('provider_id', '=', provider)
    .where('group_name', 'in', groups)
    .executeTakeFirst()
  return one !== undefined
}

const noRole = () => refuse('SIGN-ON-NO-ROLE', 'none of the groups gives a role')

/** A name for people out of what a provider says; else its subject's beginning. */
export function shownName(...said: readonly unknown[]): string {
  for (const one of said) {
    const text = typeof one === 'string' ? one.replaceAll(/\p{C}/gu, '').trim() : ''
    const short = Array.from(text).slice(0, 64).join('').trim()
    if (nameShape.test(short)) return short
  }
  return 'member'
}

/**
 * Just in time: the member is made where it is new, and has from now on the roles of its groups. Refuses SIGN-ON-BARRED where it
 * was revoked here or deactivated there, SIGN-ON-NO-ROLE where no group gives one.
 */
export async function enter(
  work: Work,
  provider: string,
  fresh: string,
  { subject, name, groups }: Proven,
): Promise<Outcome<string>> {
  const known = await memberIn(work, provider, subject)
  if (known === null && !(await givesRole(work, provider, groups))) return noRole()
  const identity = known ?? (await newMember(work, { provider, id: fresh, subject, name }))
  if (!(await holdIdentity(work, identity))) return refuse('SIGN-ON-BARRED', 'the account was ended')
  await work.authority.update('identity', { id: identity }, { name })
  await work.authority.update('member', { identity_id: identity }, { groups: JSON.stringify(groups) })
  const grants = await regrant(work, identity)
  if (grants.length > 0) return accept(identity)
  return noRole()
}

/** The roles that the groups of a member give. Throws ROW-FORGED where the server did not say one of them, or who is in it. */
async function rolesByGroup(work: Work, identity: string) {
  const member = await work
    .selectFrom('member')
    .selectAll()
    .where('identity_id', '=', identity)
    .executeTakeFirst()
  if (!member) return []
  const provider = await work
    .selectFrom('identity_provider')
    .selectAll()
    .where('id', '=', member.provider_id)
    .executeTakeFirstOrThrow()
  const within = await work
    .selectFrom('member_of_group')
    .selectAll()
    .where('identity_id', '=', identity)
    .execute()
  const groups = await work
    .selectFrom('member_group')
    .selectAll()
    .where(sql<boolean>`id = any (${within.map(({ group_id }) => group_id)}::text[])`)
    .execute()
  await work.authority.vouch('member', [member], { identity_id: identity })
  await work.authority.vouch('identity_provider', [provider], { id: member.provider_id })
  await work.authority.vouch('member_of_group', within, { identity_id: identity })
  await work.authority.vouch('member_group', groups, { id: within.map(({ group_id }) => group_id) })
  if (provider.removed_at !== null) return []
  const names = [...member.groups, ...groups.map(({ name }) => name)]
  const rows = await work
    .selectFrom('group_role')
    .selectAll()
    .where('provider_id', '=', provider.id)
    .where(sql<boolean>`group_name = any (${names}::text[])`)
    .orderBy('id')
    .execute()
  await work.authority.vouch('group_role', rows, { provider_id: provider.id, group_name: names })
  return rows
}

/** Gives a member the roles of its groups, and no other ones. */
export async function regrant(work: Work, identity: string): Promise<readonly Grant[]> {
  const rows = await rolesByGroup(work, identity)
  const byPlace = new Map<string, Grant>()
  for (const { role, organisation_id: organisation, project_id: project, conditions } of rows) {
    const place = JSON.stringify([role, organisation, project])
    // Of two, the one that narrows less holds.
    const grant = { role, organisation, project, conditions: readConditions(conditions) }
    if (!byPlace.has(place) || conditions === null) byPlace.set(place, grant)
  }
  // What stays as it is keeps its time.
  const had = await work.selectFrom('role_grant').selectAll().where('identity_id', '=', identity).execute()
  await work.authority.vouch('role_grant', had, { identity_id: identity })
  const added = new Map(byPlace)
  for (const { role, organisation_id: organisation, project_id: project, conditions } of had) {
    const place = JSON.stringify([role, organisation, project])
    const wanted = added.get(place)
    // Both come from a jsonb column, which puts its keys in order.
    if (wanted && JSON.stringify(wanted.conditions ?? null) === JSON.stringify(conditions)) {
      added.delete(place)
      continue
    }
    await work.authority.remove('role_grant', {
      ...{ identity_id: identity, role, organisation_id: organisation, project_id: project },
    })
  }
  if (added.size > 0) await insertGrants(work, identity, [...added.values()])
  return [...byPlace.values()]
}

/** The provider ends it: no token of it lives longer than a second more. */
export async function deactivate(work: Work, identity: string, at: Date): Promise<void> {
  const ended = await work.authority.update(
    'identity',
    { id: identity, revoked_at: null },
    { revoked_at: at },
  )
  // Where somebody here ended it, it is not the provider's to begin again.
  if (ended.length === 1)
    await work.authority.update('member', { identity_id: identity }, { deactivated_at: at })
  await endTokens(work, identity, at)
}

/** Only what the provider itself ended. */
export async function reactivate(work: Work, identity: string): Promise<void> {
  const member = await work
    .selectFrom('member')
    .select('deactivated_at')
    .where('identity_id', '=', identity)
    .executeTakeFirst()
  const by = member?.deactivated_at ?? null
  if (by !== null)
    await work.authority.update('identity', { id: identity, revoked_at: by }, { revoked_at: null })
  await work.authority.update('member', { identity_id: identity }, { deactivated_at: null })
}
