import { changesAlone, entry, type Permission } from '../operations/entry.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { nobody } from './duties/rules.ts'
import { id } from './fields.ts'

/** Server admins who can log in by password now, and may whatever is required of others. */
async function admins(database: SealedDatabase): Promise<string[]> {
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

export async function isSignOnRequired(database: SealedDatabase): Promise<boolean> {
  const row = await database.selectFrom('deployment').selectAll().executeTakeFirst()
  if (row) await database.authority.vouch('deployment', [row], {})
  return row?.sign_on_required ?? false
}

/** Refuses BREAK-GLASS-LAST what would leave nobody to come in when the identity provider is gone. */
export async function notTheLast(database: SealedDatabase, identity: string): Promise<Outcome<null>> {
  if (!(await isSignOnRequired(database))) return accept(null)
  const all = await admins(database)
  return all.length === 1 && all[0] === identity
    ? refuse('BREAK-GLASS-LAST', 'while single sign-on is required, one break-glass admin stays')
    : accept(null)
}

/** Who comes in by password, and whether anybody else does. */
export function breakGlassTable({ database }: { readonly database: SealedDatabase }) {
  const governing = {
    ...changesAlone,
    touches: nobody,
    find: () => accept(null),
    permissions: (): readonly Permission[] => [
      { action: 'organisation.appoint', resource: { kind: 'deployment' }, key: null },
    ],
    // Who may log in by password is what somebody comes in with.
    secondFactor: true,
  } as const

  return {
    /** Whether a server admin logs in by password whatever is required of others. */
    setBreakGlass: entry({
      ...governing,
      name: 'person.set-break-glass',
      input: { identity: id, on: Type.Boolean() },
      async fits({ input: { identity, on } }) {
        const person = await database
          .selectFrom('person')
          .innerJoin('role_grant', 'role_grant.identity_id', 'person.identity_id')
          .select('person.identity_id')
          .where('person.identity_id', '=', identity)
          .where('role_grant.role', '=', 'server-admin')
          .executeTakeFirst()
        if (!person) return refuse('OBJECT-ABSENT', 'Server admin not found')
        return on ? accept(null) : notTheLast(database, identity)
      },
      async run({ input: { identity, on } }) {
        await database.change((work) =>
          work.authority.update('person', { identity_id: identity }, { break_glass: on }),
        )
        return accept(null)
      },
    }),

    /** People log in by an identity provider alone. Refuses BREAK-GLASS-NONE where nobody could take that back. */
    requireSignOn: entry({
      ...governing,
      name: 'sign-on.require',
      input: { required: Type.Boolean() },
      fits: async ({ input: { required } }) =>
        required && (await admins(database)).length === 0
          ? refuse('BREAK-GLASS-NONE', 'no server admin is break-glass, enrolled and without conditions')
          : accept(null),
      async run({ input: { required } }) {
        await database.change((work) =>
          work.authority.update('deployment', {}, { sign_on_required: required }),
        )
        return accept(null)
      },
    }),
  }
}
