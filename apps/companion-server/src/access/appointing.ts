import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import {
  type Action,
  absent,
  authorize,
  type Caller,
  type Grant,
  grantsFor,
  type Resource,
} from './authorize.ts'
import { type Conditions, checkGiven, readConditions } from './conditions.ts'

/** A role where it holds, and what it takes to give it there. */
export type Placed = { readonly grant: Grant; readonly action: Action; readonly resource: Resource }

/** An identity with its roles; where one of them has no place any more it has none, and nobody governs it. */
export type Governed = { readonly identity: string; readonly roles: readonly Placed[] }

/** This role is the caller's to give, by one of his own and under no more conditions than that one has. */
export function mayGive(caller: Caller, placed: Placed): Outcome<null> {
  const allowed = authorize(caller, placed.action, placed.resource)
  if (!allowed.ok) return allowed
  return reaches(caller, placed)
    ? accept(null)
    : refuse('GRANT-REFUSED', 'who has a role under conditions gives it under the same ones')
}

/** All roles of the identity are the caller's to give. Whom one may not appoint, one does not see either. */
export const mayGovern = (caller: Caller, { roles }: Governed): Outcome<null> =>
  roles.length > 0 && roles.every((placed) => reaches(caller, placed)) ? accept(null) : absentIdentity()

export const absentIdentity = () => refuse('OBJECT-ABSENT', 'Identity not found')

function reaches(caller: Caller, { grant: { conditions: given }, action, resource }: Placed): boolean {
  const own = grantsFor(caller, action, resource)
  return own.some(({ conditions }) => narrows(given, conditions))
}

/** Each of the conditions is there as it is. */
function narrows(given: Conditions | null | undefined, own: Conditions | null | undefined): boolean {
  const there = new Map(Object.entries(given ?? {}))
  return Object.entries(own ?? {}).every(
    ([name, value]) => JSON.stringify(there.get(name)) === JSON.stringify(value),
  )
}

/** Roles that somebody would have from now on, each where it would hold. Refuses what no such role is. */
export async function placesOf(
  database: SealedDatabase,
  grants: readonly Grant[],
  now: Date,
): Promise<Outcome<readonly Placed[]>> {
  const places: Placed[] = []
  for (const grant of grants) {
    const sound = grant.conditions ? checkGiven(grant.conditions, now) : accept(null)
    if (!sound.ok) return sound
    const placed = await placeOf(database, grant)
    if (!placed.ok) return placed
    places.push(placed.value)
  }
  return accept(places)
}

export const governedBy = async (database: SealedDatabase, identity: string): Promise<Governed> =>
  governedWith(identity, await grantsOf(database, identity))

/** An identity with these roles, which it has. */
export function governedWith(identity: string, grants: readonly Grant[]): Governed {
  const roles = grants.map(placing)
  const placed = roles.flatMap((one) => (one.ok ? [one.value] : []))
  return { identity, roles: placed.length === roles.length ? placed : [] }
}

/** One role where it holds, one that is over too. Refuses OBJECT-ABSENT where there is no such place. */
export async function placeOf(database: SealedDatabase, grant: Grant): Promise<Outcome<Placed>> {
  const placed = placing(grant)
  if (!placed.ok || grant.organisation === null) return placed
  const { organisation, project } = grant
  const row = await database
    .selectFrom('organisation')
    .selectAll()
    .where('id', '=', organisation)
    .executeTakeFirst()
  // As of a project that is another's: an organisation's id is not to be found out by asking.
  if (!row) return absent(project === null ? 'organisation' : 'project')
  await database.authority.vouch('organisation', [row], { id: organisation })
  if (project === null) return placed
  const its = await database.selectFrom('project').selectAll().where('id', '=', project).executeTakeFirst()
  if (its) await database.authority.vouch('project', [its], { id: project })
  return its?.organisation_id === organisation ? placed : absent('project')
}

/** What it takes to give a role, and where: nobody gives what reaches further than he does. */
function placing(grant: Grant): Outcome<Placed> {
  const { role, organisation, project } = grant
  if (organisation === null) {
    // Roles of the whole deployment are for server admins to give, and none of them uses a key.
    if (project === null && (role === 'server-admin' || role === 'operator' || role === 'auditor'))
      return accept({ grant, action: 'organisation.appoint', resource: { kind: 'deployment' } })
    return refuse('GRANT-REFUSED', `${role} holds in an organisation or a project`)
  }
  if (role === 'server-admin') return refuse('GRANT-REFUSED', `${role} holds in the whole deployment`)
  if (role === 'organisation-admin' && project !== null)
    return refuse('GRANT-REFUSED', `${role} holds in an organisation`)
  const action = role === 'organisation-admin' ? 'organisation.appoint' : 'project.appoint'
  return project === null
    ? accept({ grant, action, resource: { kind: 'organisation', organisation } })
    : accept({ grant, action, resource: { kind: 'project', organisation, project } })
}

/** An identity that is not revoked, and that nobody changes until this work is over. */
export async function holdIdentity(work: Work, id: string) {
  const row = await work
    .selectFrom('identity')
    .selectAll()
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
  if (row) await work.authority.vouch('identity', [row], { id, revoked_at: null })
  return row
}

export async function grantsOf(database: SealedDatabase, identity: string): Promise<Grant[]> {
  const rows = await database
    .selectFrom('role_grant')
    .selectAll()
    .where('identity_id', '=', identity)
    .execute()
  await database.authority.vouch('role_grant', rows, { identity_id: identity })
  return rows.map(({ role, organisation_id, project_id, conditions }) => ({
    role,
    organisation: organisation_id,
    project: project_id,
    conditions: readConditions(conditions),
  }))
}
