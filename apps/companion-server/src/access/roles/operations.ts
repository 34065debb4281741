import type { Transaction } from 'kysely'
import type { Call, Record } from '../../audit/record.ts'
import type { Database } from '../../platform/database/open.ts'
import type { Tables } from '../../platform/database/tables.ts'
import { accept, type Outcome, refuse } from '../../refusal.ts'
import { grantsOf, holdIdentity, openAppointing } from '../appointing.ts'
import type { Grant } from '../authorize.ts'
import { notTheLast } from '../break-glass.ts'
import { insertGrants, maxGrants } from '../tokens.ts'

export type RoleOf = Pick<Grant, 'role' | 'organisation' | 'project'>

type Parts = { readonly database: Database; readonly record: Record; now(): Date }
type Asked<T> = { readonly identity: string; readonly grant: T }

export type Roles = ReturnType<typeof openRoles>

/** The roles of who is here already. Nobody changes his own; those of a member of an identity provider come from its groups. */
export function openRoles({ database, record, now }: Parts) {
  const { mayGive, mayTake, governed } = openAppointing(database)

  return {
    /** One role more, of those that the caller may give, to whom he governs. */
    give(call: Call, { identity, grant }: Asked<Grant>): Promise<Outcome<null>> {
      return record(call, 'role.give', async (subject) => {
        const found = await governed(call, identity)
        if (!found.ok) return found
        const given = await mayGive(call, subject, [grant])
        if (!given.ok) return given
        return changed(call, identity, async (work, there) => {
          if (there.some((one) => isSame(one, grant)))
            return refuse('GRANT-REFUSED', 'the identity has this role there')
          if (there.length >= maxGrants)
            return refuse('REQUEST-FIELDS', `an identity has at most ${maxGrants} roles`)
          await insertGrants(work, identity, [grant])
          return accept(null)
        })
      })
    },

    /** One role less, of those that the caller may give, whoever has it. The last one ends only with the identity. */
    take(call: Call, { identity, grant: { role, ...place } }: Asked<RoleOf>): Promise<Outcome<null>> {
      return record(call, 'role.take', async (subject) => {
        const own = await grantsOf(database, identity)
        const there = own.find((one) => isSame(one, { role, ...place }))
        // Asked of a role that is not there too: only who may give it hears whether it is.
        const given = await mayTake(call, subject, there ?? { role, ...place })
        if (!given.ok) return given
        if (there === undefined) return refuse('OBJECT-ABSENT', 'Role not found')
        const left = role === 'server-admin' ? await notTheLast(database, identity) : accept(null)
        if (!left.ok) return left
        return changed(call, identity, async (work, now) => {
          if (now.length < 2) return refuse('GRANT-REFUSED', 'it is the last role: revoke the identity')
          await work
            .deleteFrom('role_grant')
            .where('identity_id', '=', identity)
            .where('role', '=', role)
            .where('organisation_id', 'is not distinct from', place.organisation)
            .where('project_id', 'is not distinct from', place.project)
            .execute()
          return accept(null)
        })
      })
    },
  }

  /** Whoever is logged in logs in anew, to his new roles; what programs have goes on. */
  function changed(
    call: Call,
    identity: string,
    change: (work: Transaction<Tables>, there: readonly Grant[]) => Promise<Outcome<null>>,
  ): Promise<Outcome<null>> {
    return database.transaction().execute(async (work): Promise<Outcome<null>> => {
      if (identity === call.caller.identity) return refuse('ROLE-REFUSED', 'nobody changes his own roles')
      const row = await holdIdentity(work, identity)
      if (row === undefined) return refuse('OBJECT-ABSENT', 'Identity not found')
      const member = await work
        .selectFrom('member')
        .select('identity_id')
        .where('identity_id', '=', identity)
        .executeTakeFirst()
      if (member !== undefined)
        return refuse('GRANT-REFUSED', 'the roles of a member come from the groups of its identity provider')
      const done = await change(work, await grantsOf(work, identity))
      if (done.ok && row.client_id === null)
        await work
          .updateTable('token')
          .set({ revoked_at: now() })
          .where('identity_id', '=', identity)
          .where('name', 'is', null)
          .where('revoked_at', 'is', null)
          .execute()
      return done
    })
  }
}

const isSame = (one: RoleOf, other: RoleOf): boolean =>
  one.role === other.role && one.organisation === other.organisation && one.project === other.project
