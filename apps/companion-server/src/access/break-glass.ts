import type { Call, Record } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { authorize, type Caller, provedLately } from './authorize.ts'

type Parts = { readonly database: Database; readonly record: Record }

/** Server admins who can log in by password now, and may whatever is required of others. */
async function admins(database: Database): Promise<string[]> {
  const rows = await database
    .selectFrom('person')
    .innerJoin('identity', 'identity.id', 'person.identity_id')
    .innerJoin('role_grant', 'role_grant.identity_id', 'identity.id')
    .select('identity.id')
    .distinct()
    .where('person.break_glass', '=', true)
    .where('person.enrolment_hash', 'is', null)
    .where('identity.revoked_at', 'is', null)
    .where('role_grant.role', '=', 'server-admin')
    .where('role_grant.conditions', 'is', null)
    .execute()
  return rows.map(({ id }) => id)
}

export async function isSignOnRequired(database: Database): Promise<boolean> {
  const row = await database.selectFrom('deployment').select('sign_on_required').executeTakeFirst()
  return row?.sign_on_required ?? false
}

/** Refuses BREAK-GLASS-LAST what would leave nobody to come in when the identity provider is gone. */
export async function notTheLast(database: Database, identity: string): Promise<Outcome<null>> {
  if (!(await isSignOnRequired(database))) return accept(null)
  const all = await admins(database)
  return all.length === 1 && all[0] === identity
    ? refuse('BREAK-GLASS-LAST', 'while single sign-on is required, one break-glass admin stays')
    : accept(null)
}

/** Who may log in by password is what somebody comes in with. */
function mayChange(caller: Caller): Outcome<null> {
  const allowed = authorize(caller, 'organisation.appoint', { kind: 'deployment' })
  return allowed.ok ? provedLately(caller) : allowed
}

/** Whether a server admin logs in by password whatever is required of others. */
export function setBreakGlass(
  { database, record }: Parts,
  call: Call,
  { identity, on }: { readonly identity: string; readonly on: boolean },
): Promise<Outcome<null>> {
  return record(call, 'person.set-break-glass', async () => {
    const allowed = mayChange(call.caller)
    if (!allowed.ok) return allowed
    const person = await database
      .selectFrom('person')
      .innerJoin('role_grant', 'role_grant.identity_id', 'person.identity_id')
      .select('person.identity_id')
      .where('person.identity_id', '=', identity)
      .where('role_grant.role', '=', 'server-admin')
      .executeTakeFirst()
    if (!person) return refuse('OBJECT-ABSENT', 'Server admin not found')
    const left = on ? accept(null) : await notTheLast(database, identity)
    if (!left.ok) return left
    await database
      .updateTable('person')
      .set({ break_glass: on })
      .where('identity_id', '=', identity)
      .execute()
    return accept(null)
  })
}

/** People log in by an identity provider alone. Refuses BREAK-GLASS-NONE where nobody could take that back. */
export function requireSignOn({ database, record }: Parts, call: Call, on: boolean): Promise<Outcome<null>> {
  return record(call, 'sign-on.require', async () => {
    const allowed = mayChange(call.caller)
    if (!allowed.ok) return allowed
    if (on && (await admins(database)).length === 0)
      return refuse('BREAK-GLASS-NONE', 'no server admin is break-glass, enrolled and without conditions')
    await database.updateTable('deployment').set({ sign_on_required: on }).execute()
    return accept(null)
  })
}
