import type { Transaction } from 'kysely'
import type { Call, Subject } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import type { Tables } from '../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import {
  type Action,
  absent,
  authorize,
  type Grant,
  grantsFor,
  provedLately,
  type Resource,
} from './authorize.ts'
import { type Conditions, checkGiven, readConditions } from './conditions.ts'

type Placed = { readonly action: Action; readonly resource: Resource }

/** Who may give a role, and whose affairs are his. */
export function openAppointing(database: Database) {
  return {
    /** Every one of these roles is the caller's to give, and makes sense from now on. */
    async mayGive(call: Call, subject: Subject, grants: readonly Grant[]): Promise<Outcome<null>> {
      for (const grant of grants) {
        const own = await mayTake(call, subject, grant)
        if (!own.ok) return own
        const now = call.caller.circumstances?.time ?? new Date()
        const sound = grant.conditions ? checkGiven(grant.conditions, now) : accept(null)
        if (!sound.ok) return sound
      }
      return accept(null)
    },

    mayTake,

    /** An identity all of whose roles are the caller's to give; whom one may not appoint, one does not see either. */
    async governed(call: Call, id: string): Promise<Outcome<readonly Grant[]>> {
      const grants = await grantsOf(database, id)
      return governs(call, grants) ? accept(grants) : refuse('OBJECT-ABSENT', 'Identity not found')
    },
  }

  /** A role is the caller's to give and to take, one that is over too. */
  async function mayTake(call: Call, subject: Subject, grant: Grant): Promise<Outcome<null>> {
    const placed = placing(grant)
    if (!placed.ok) return placed
    const there = await isThere(grant)
    if (!there.ok) return there
    const { organisation, project } = grant
    Object.assign(subject, { organisation, project })
    const allowed = authorize(call.caller, placed.value.action, placed.value.resource)
    if (!allowed.ok) return allowed
    const proved = provedLately(call.caller)
    if (!proved.ok) return proved
    return reaches(call, grant, placed.value)
      ? accept(null)
      : refuse('GRANT-REFUSED', 'who has a role under conditions gives it under the same ones')
  }

  /** Refuses OBJECT-ABSENT where a grant would hold in no place of this server. */
  async function isThere({ organisation, project }: Grant): Promise<Outcome<null>> {
    if (organisation === null) return accept(null)
    const row = await database
      .selectFrom('organisation')
      .select('id')
      .where('id', '=', organisation)
      .executeTakeFirst()
    // As of a project that is another's: an organisation's id is not to be found out by asking.
    if (!row) return absent(project === null ? 'organisation' : 'project')
    if (project === null) return accept(null)
    const its = await database
      .selectFrom('project')
      .select('organisation_id')
      .where('id', '=', project)
      .executeTakeFirst()
    return its?.organisation_id === organisation ? accept(null) : absent('project')
  }
}

/** Whether all of these roles, which somebody has, are the caller's to give. */
export function governs(call: Call, grants: readonly Grant[]): boolean {
  return (
    grants.length > 0 &&
    grants.every((grant) => {
      const placed = placing(grant)
      return placed.ok && reaches(call, grant, placed.value)
    })
  )
}

/** One of the caller's own grants gives this one, and under no more conditions than this one has. */
function reaches(call: Call, { conditions: given }: Grant, { action, resource }: Placed): boolean {
  const own = grantsFor(call.caller, action, resource)
  return own.some(({ conditions }) => narrows(given, conditions))
}

/** What it takes to give a grant, and where: nobody gives what reaches further than he does. */
function placing({ role, organisation, project }: Grant): Outcome<Placed> {
  if (organisation === null) {
    // Roles of the whole deployment are for server admins to give, and none of them uses a key.
    if (project === null && (role === 'server-admin' || role === 'operator' || role === 'auditor'))
      return accept({ action: 'organisation.appoint', resource: { kind: 'deployment' } })
    return refuse('GRANT-REFUSED', `${role} holds in an organisation or a project`)
  }
  if (role === 'server-admin') return refuse('GRANT-REFUSED', `${role} holds in the whole deployment`)
  if (role === 'organisation-admin' && project !== null)
    return refuse('GRANT-REFUSED', `${role} holds in an organisation`)
  if (role === 'organisation-admin')
    return accept({ action: 'organisation.appoint', resource: { kind: 'organisation', organisation } })
  if (project === null)
    return accept({ action: 'project.appoint', resource: { kind: 'organisation', organisation } })
  return accept({ action: 'project.appoint', resource: { kind: 'project', organisation, project } })
}

/** Each of the conditions is there as it is. */
function narrows(given: Conditions | null | undefined, own: Conditions | null | undefined): boolean {
  const there = new Map(Object.entries(given ?? {}))
  return Object.entries(own ?? {}).every(
    ([name, value]) => JSON.stringify(there.get(name)) === JSON.stringify(value),
  )
}

/** An identity that is not revoked, and that nobody changes until this work is over. */
export function holdIdentity(work: Transaction<Tables>, id: string) {
  return work
    .selectFrom('identity')
    .select('client_id')
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .forUpdate()
    .executeTakeFirst()
}

export async function grantsOf(database: Database, identity: string): Promise<Grant[]> {
  const rows = await database
    .selectFrom('role_grant')
    .select(['role', 'organisation_id as organisation', 'project_id as project', 'conditions'])
    .where('identity_id', '=', identity)
    .execute()
  return rows.map((row) => ({ ...row, conditions: readConditions(row.conditions) }))
}
