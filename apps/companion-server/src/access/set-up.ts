import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import type { Call, Record } from '../audit/record.ts'
import { type Attempt, knownBy, type Strangers } from '../audit/strangers.ts'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import { whole } from '../platform/database/whole.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { authorize, cameBy, type Grant } from './authorize.ts'
import { type Enrolment, endSetUp, insertPerson, type NewPerson } from './people.ts'
import { type Credentials, insertIdentity } from './tokens.ts'

type Parts = {
  readonly database: SealedDatabase
  readonly record: Record
  readonly strangers: Strangers
  now(): Date
}

const setupLives = 15 * 60_000

export type SetUp = ReturnType<typeof openSetUp>

/** The first admin, once for ever. What the log does not have is not done: each is entered within its transaction. */
export function openSetUp({ database, record, strangers, now }: Parts) {
  return {
    /** A code for the first server admin, 15 minutes; a new one replaces it. Null once there was an admin. */
    async offerSetup(): Promise<string | null> {
      const code = randomBytes(16).toString('base64url')
      const set = { setup_code_hash: hashOf(code), setup_expires_at: new Date(now().getTime() + setupLives) }
      const offered = await database.change((work) =>
        work.authority.update('deployment', { set_up_at: null }, set),
      )
      return offered.length === 0 ? null : code
    },

    /**
     * Makes the first server admin, a person where a username is given: again by the same code until a server admin has enrolled, then never.
     * Refuses SETUP-REFUSED in one text, whatever the reason.
     */
    async setUp(
      { code, name, username }: { code: string; name: string; username?: string },
      asked: Attempt,
    ): Promise<Outcome<{ readonly admin: Credentials | Enrolment; readonly call: Call }>> {
      type Done = Outcome<{ readonly admin: Credentials | Enrolment; readonly call: Call }>
      const done = await whole(database, async (work): Promise<Done> => {
        const row = await work.selectFrom('deployment').selectAll().forUpdate().executeTakeFirstOrThrow()
        await work.authority.vouch('deployment', [row], {})
        const same = timingSafeEqual(hashOf(code), row.setup_code_hash ?? Buffer.alloc(32))
        const open = row.set_up_at === null && row.setup_expires_at !== null && row.setup_expires_at > now()
        if (!same || !open || row.setup_code_hash === null)
          return refuse('SETUP-REFUSED', 'the code is wrong, used or expired')
        const rehearses = row.domain === 'rehearsal' && username !== undefined
        const grants = rehearses ? await rehearsalGrants(work) : firstGrants
        const before = await endBefore(work)
        const made =
          username === undefined
            ? await insertIdentity(work, { name, grants }, null)
            : await insertFirstPerson(work, { name, username, grants })
        if (!made.ok) return made
        const by = cameBy('setup-code')
        if (before !== null) await recordEnded(knownBy(asked, before, by))
        // A person ends it by enrolling: until then a page that was loaded anew begins again.
        if (username === undefined) await endSetUp(work, now())
        const admin = made.value
        const call = knownBy(asked, admin.identity, by, { grants })
        return record(call, 'deployment.set-up', async () => {
          await work.authority.settle()
          return accept({ admin, call })
        })
      })
      return strangers.counted(asked, done)
    },

    /** As `setUp`, for who may appoint server admins and has no code. Refuses ADMIN-EXISTS. */
    createFirstAdmin(call: Call, wanted: Omit<NewPerson, 'grants'>): Promise<Outcome<Enrolment>> {
      return whole(database, (work) =>
        // Within it: what the log does not have is not done.
        record(call, 'deployment.set-up', async () => {
          const allowed = authorize(call.caller, 'organisation.appoint', { kind: 'deployment' })
          if (!allowed.ok) return allowed
          const row = await work.selectFrom('deployment').selectAll().forUpdate().executeTakeFirstOrThrow()
          await work.authority.vouch('deployment', [row], {})
          if (row.set_up_at !== null) return refuse('ADMIN-EXISTS', 'the first server admin was made before')
          const before = await endBefore(work)
          const made = await insertFirstPerson(work, { ...wanted, grants: firstGrants })
          if (!made.ok) return made
          // Who has the code no longer takes this person's place.
          await work.authority.update('deployment', {}, { setup_code_hash: null })
          if (before !== null) await recordEnded({ ...call, caller: { ...call.caller, identity: before } })
          await work.authority.settle()
          return made
        }),
      )
    },
  }

  /** Where nothing counts, the first person may try everything: in the oldest organisation, that of the training. */
  async function rehearsalGrants(work: Work): Promise<readonly Grant[]> {
    const oldest = await work
      .selectFrom('organisation')
      .select('id')
      .orderBy('created_at')
      .limit(1)
      .executeTakeFirst()
    if (oldest === undefined) return firstGrants
    const everywhere = { organisation: null, project: null }
    return [
      ...firstGrants,
      ...(['auditor', 'operator'] as const).map((role) => ({ role, ...everywhere })),
      ...(['organisation-admin', 'crypto-officer', 'user'] as const).map((role) => ({
        ...{ role, organisation: oldest.id, project: null },
      })),
    ]
  }

  /** Whom the set-up before invited, and who has not enrolled: his code ends, whoever comes in his place. The deployment's row is locked. */
  async function endBefore(work: Work): Promise<string | null> {
    const before = await work
      .selectFrom('deployment')
      .innerJoin('person', 'person.identity_id', 'deployment.set_up_person')
      .select('person.identity_id')
      .where('person.enrolment_hash', 'is not', null)
      .executeTakeFirst()
    if (!before) return null
    const { identity_id } = before
    await work.authority.remove('person', { identity_id })
    await work.authority.remove('role_grant', { identity_id })
    await work.authority.update('identity', { id: identity_id }, { revoked_at: now() })
    return identity_id
  }

  /** As what strangers do, under whom it concerns; with an id of its own, so that the set-up's finds the set-up. */
  function recordEnded(call: Call): Promise<Outcome<null>> {
    return record({ ...call, reqId: randomUUID(), receipt: null }, 'identity.revoke', async () =>
      accept(null),
    )
  }

  async function insertFirstPerson(work: Work, wanted: NewPerson): Promise<Outcome<Enrolment>> {
    const made = await insertPerson(work, wanted, now(), null)
    if (made.ok) await work.authority.update('deployment', {}, { set_up_person: made.value.identity })
    return made
  }
}

const firstGrants = [{ role: 'server-admin', organisation: null, project: null }] as const

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code, 'utf8').digest()
}
