import { changesAlone, entry } from '../operations/entry.ts'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { absentIdentity, governedBy, grantsOf, holdIdentity, placeOf, placesOf } from './appointing.ts'
import type { Grant } from './authorize.ts'
import { notTheLast } from './break-glass.ts'
import { grantFields, grantOf, id, roleFields } from './fields.ts'
import { insertGrants, maxGrants } from './tokens.ts'

type Parts = { readonly database: SealedDatabase; now(): Date }

/** The roles of who is here already. Nobody changes his own; those of a member of an identity provider come from its groups. */
export function roleTable({ database, now }: Parts) {
  const appointing = { ...changesAlone, secondFactor: true }

  /** Whoever is logged in logs in anew, to his new roles; what programs have goes on. */
  function changed(
    caller: string,
    identity: string,
    change: (work: Work, there: readonly Grant[]) => Promise<Outcome<null>>,
  ): Promise<Outcome<null>> {
    return database.change(async (work): Promise<Outcome<null>> => {
      if (identity === caller) return refuse('ROLE-REFUSED', 'nobody changes his own roles')
      const row = await holdIdentity(work, identity)
      if (row === undefined) return absentIdentity()
      const member = await work
        .selectFrom('member')
        .select('identity_id')
        .where('identity_id', '=', identity)
        .executeTakeFirst()
      if (member !== undefined)
        return refuse('GRANT-REFUSED', 'the roles of a member come from the groups of its identity provider')
      const done = await change(work, await grantsOf(work, identity))
      if (done.ok && row.client_id === null)
        await work.authority.update(
          'token',
          { identity_id: identity, name: null, revoked_at: null },
          { revoked_at: now() },
        )
      return done
    })
  }

  return {
    /** One role more, of those that the caller may give, to whom he governs. */
    give: entry({
      ...appointing,
      name: 'role.give',
      input: { identity: id, ...grantFields },
      find: async ({ identity, ...grant }) =>
        accept({
          governs: await governedBy(database, identity),
          places: await placesOf(database, [grantOf(grant)], now()),
        }),
      // Whom one does not govern, one asks nothing about places by.
      permissions: ({ governs, places }) => [
        { governs },
        ...(places.ok ? places.value.map((gives) => ({ gives })) : [places]),
      ],
      touches: ({ identity, ...wanted }) => [{ gives: grantOf(wanted), to: `identity ${identity}` }],
      run: ({ call, input: { identity, ...wanted } }) =>
        changed(call.caller.identity, identity, async (work, there) => {
          const grant = grantOf(wanted)
          if (there.some((one) => isSame(one, grant)))
            return refuse('GRANT-REFUSED', 'the identity has this role there')
          if (there.length >= maxGrants)
            return refuse('REQUEST-FIELDS', `an identity has at most ${maxGrants} roles`)
          await insertGrants(work, identity, [grant])
          return accept(null)
        }),
    }),

    /** One role less, of those that the caller may give, whoever has it. The last one ends only with the identity. */
    take: entry({
      ...appointing,
      name: 'role.take',
      input: { identity: id, ...roleFields },
      async find({ identity, ...role }) {
        const wanted = grantOf(role)
        const there = (await grantsOf(database, identity)).find((one) => isSame(one, wanted))
        // Asked of a role that is not there too: only who may give it hears whether it is.
        const gives = await placeOf(database, there ?? wanted)
        return gives.ok ? accept({ gives: gives.value, isThere: there !== undefined }) : gives
      },
      permissions: ({ gives }) => [{ gives }],
      async fits({ found, input: { identity, role } }) {
        if (!found.isThere) return refuse('OBJECT-ABSENT', 'Role not found')
        return role === 'server-admin' ? notTheLast(database, identity) : accept(null)
      },
      touches: async ({ identity, ...role }) => {
        const wanted = grantOf(role)
        return (await grantsOf(database, identity))
          .filter((one) => isSame(one, wanted))
          .map((ends) => ({ ends, of: `identity ${identity}` }))
      },
      run: ({ call, input: { identity, ...wanted } }) =>
        changed(call.caller.identity, identity, async (work, there) => {
          if (there.length < 2) return refuse('GRANT-REFUSED', 'it is the last role: revoke the identity')
          const { role, organisation, project } = grantOf(wanted)
          await work.authority.remove('role_grant', {
            ...{ identity_id: identity, role, organisation_id: organisation, project_id: project },
          })
          return accept(null)
        }),
    }),
  }
}

type Role = Pick<Grant, 'role' | 'organisation' | 'project'>
const isSame = (one: Role, other: Role): boolean =>
  one.role === other.role && one.organisation === other.organisation && one.project === other.project
