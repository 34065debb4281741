import { randomBytes, randomUUID } from 'node:crypto'
import { checkPassphrase } from '@lux/crypto/passphrase'
import { changes, changesAlone, entry, given, ofOneself } from '../operations/entry.ts'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { placesOf } from './appointing.ts'
import type { Grant } from './authorize.ts'
import { notTheLast } from './break-glass.ts'
import { governing } from './credentials.ts'
import { makersOf } from './duties/hands.ts'
import { nobody as untouched } from './duties/rules.ts'
import { grantOf, grants, id, name } from './fields.ts'
import { giveBackTry, takeTry } from './lockout.ts'
import { hashPassword, isPassword, nobody, type PersonSecrets, type SecondFactor } from './person-secrets.ts'
import { checkNewIdentity, hashSecret, homeOf, insertGrants, issue, type LoggedIn } from './tokens.ts'
import { password, username } from './webauthn/response-fields.ts'

export type NewPerson = {
  readonly username: string
  readonly name: string
  readonly grants: readonly Grant[]
}

/** What a person is given once, to set password and second factor with. */
export type Enrolment = {
  readonly identity: string
  readonly username: string
  readonly code: string
  readonly expiresAt: Date
}

type Parts = { readonly database: SealedDatabase; readonly secrets: PersonSecrets; now(): Date }

/** Who guesses in a session has logged in, and strangers have none: it has one count of its own. */
const inSession = { device: 'session' }

const enrolmentLives = 24 * 3_600_000
/** Seconds: a working day. */
const personTokenTtl = 12 * 3600
const usernameShape = /^[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?$/

/** People: invited by whoever may give their roles, known by password and second factor. */
export const peopleTable = (parts: Parts) => ({ ...invitingEntries(parts), ...sessionEntries(parts) })

function invitingEntries({ database, now }: Parts) {
  return {
    invite: entry({
      ...changesAlone,
      name: 'person.invite',
      input: { username, name, grants },
      async find(wanted) {
        const all = { ...wanted, grants: wanted.grants.map(grantOf) }
        const sound = checkPerson(all)
        return sound.ok ? placesOf(database, all.grants, now()) : sound
      },
      permissions: (places) => places.map((gives) => ({ gives })),
      secondFactor: true,
      touches: ({ username, grants }) =>
        grants.map((grant) => ({
          gives: grantOf(grant),
          to: `new person ${JSON.stringify(username)}`,
        })),
      run: ({ call, input }) =>
        database.change((work) =>
          insertPerson(work, { ...input, grants: input.grants.map(grantOf) }, now(), call.caller.identity),
        ),
    }),

    /** A new code for who lost password or second factor: all of them end at once, and so does every token. */
    reset: entry({
      ...changesAlone,
      ...governing(database),
      name: 'person.reset',
      input: { identity: id },
      secondFactor: true,
      touches: ({ identity }) => [{ takes: identity }],
      fits: ({ input: { identity } }) => notTheLast(database, identity),
      run({ call, input: { identity } }) {
        const code = randomBytes(32).toString('base64url')
        const expiresAt = new Date(now().getTime() + enrolmentLives)
        return database.change(async (work): Promise<Outcome<Enrolment>> => {
          const [person] = await work.authority.update(
            'person',
            { identity_id: identity },
            {
              password_hash: null,
              totp_sealed: null,
              enrolment_hash: hashSecret(code),
              enrolment_expires_at: expiresAt,
              made_by: await makersOf(work, call.caller.identity, identity),
              invited_by: null,
            },
          )
          if (!person) return refuse('OBJECT-ABSENT', 'Person not found')
          await work.authority.remove('authenticator', { identity_id: identity })
          await work.authority.update(
            'token',
            { identity_id: identity, revoked_at: null },
            { revoked_at: now() },
          )
          return accept({ identity, username: person.username, code, expiresAt })
        })
      },
    }),
  }
}

/** What a person does in his own session. */
function sessionEntries({ database, secrets, now }: Parts) {
  async function enrolled(identity: string) {
    const row = await database
      .selectFrom('person')
      .selectAll()
      .where('identity_id', '=', identity)
      .where('enrolment_hash', 'is', null)
      .executeTakeFirst()
    if (row) await database.authority.vouch('person', [row], { identity_id: identity, enrolment_hash: null })
    return row
  }

  return {
    /**
     * By the old one and a second factor of the last minutes; every other session of his ends. Refuses PASSWORD-WRONG, and counts it as a
     * log-in does.
     */
    changePassword: entry({
      ...changes,
      ...ofOneself,
      name: 'person.change-password',
      input: { old: password, password },
      shown: null,
      secondFactor: true,
      async fits({ found, input }) {
        const person = await enrolled(found)
        if (!person) return refuse('OBJECT-ABSENT', 'Person not found')
        const strong = await checkPassphrase(input.password, [person.username])
        return strong.ok ? accept(person) : strong
      },
      async run({ found: identity, fitting: person, call, input }) {
        const account = `person ${person.username}`
        const isOpen = (await takeTry(database, account, inSession)) !== 'locked'
        const matches = await isPassword(input.old, person.password_hash ?? nobody)
        if (!isOpen || !matches) return refuse('PASSWORD-WRONG', 'it does not fit, or is locked')
        await giveBackTry(database, account, inSession)
        const password_hash = await hashPassword(input.password)
        await database.change(async (work) => {
          await work.authority.update('person', { identity_id: identity }, { password_hash })
          await work.authority.update(
            'token',
            (its) =>
              its
                .where('identity_id', '=', identity)
                .where('name', 'is', null)
                .where('id', '!=', call.caller.session?.token ?? '')
                .where('revoked_at', 'is', null),
            { revoked_at: now() },
          )
        })
        return accept(null)
      },
    }),

    /**
     * A session whose second factor was just shown, in the place of the one that asks; it ends when that one would have. Refuses
     * SECOND-FACTOR-WRONG in one text, and counts as a log-in does.
     */
    proveAnew: entry({
      ...changesAlone,
      ...ofOneself,
      name: 'person.prove-anew',
      isChange: false,
      touches: untouched,
      input: { factor: given<SecondFactor>() },
      repeats: 'done-again',
      async run({ found: identity, call, input: { factor } }): Promise<Outcome<LoggedIn>> {
        const wrong = refuse('SECOND-FACTOR-WRONG', 'it does not fit, or is locked')
        const person = await enrolled(identity)
        if (!person) return wrong
        const account = `person ${person.username}`
        if ((await takeTry(database, account, inSession)) === 'locked') return wrong
        if ((await secrets.shown(person, factor)) !== 'shown') return wrong
        await giveBackTry(database, account, inSession)
        const id = call.caller.session?.token ?? ''
        const left = await leftOf(id)
        if (left <= 0) return wrong
        return database.change(async (work) => {
          const by = 'totp' in factor ? 'step-up-totp' : 'step-up-webauthn'
          const token = await issue(work, identity, left, { proved: { at: now(), by } })
          await work.authority.update('token', { id }, { revoked_at: now() })
          return accept(token)
        })
      },
    }),
  }

  /** Seconds that a session still lives. */
  async function leftOf(token: string): Promise<number> {
    const row = await database
      .selectFrom('token')
      .select('expires_at')
      .where('id', '=', token)
      .executeTakeFirst()
    return row === undefined ? 0 : Math.floor((row.expires_at.getTime() - now().getTime()) / 1000)
  }
}

/** A person who has yet to enrol, in a transaction that may do more. Refuses USERNAME-TAKEN and what `checkPerson` does. */
export async function insertPerson(
  work: Work,
  { username, name, grants }: NewPerson,
  now: Date,
  /** Has the code too; null: nobody but whoever has the server. */
  inviter: string | null,
): Promise<Outcome<Enrolment>> {
  const sound = checkPerson({ username, name, grants })
  if (!sound.ok) return sound
  const identity = randomUUID()
  const code = randomBytes(32).toString('base64url')
  const expiresAt = new Date(now.getTime() + enrolmentLives)
  const taken = await work
    .selectFrom('person')
    .select('identity_id')
    .where('username', '=', username)
    .executeTakeFirst()
  if (taken) return refuse('USERNAME-TAKEN', 'another person has this name')
  await work.authority.insert('identity', {
    ...{ id: identity, name, client_id: null, token_ttl_seconds: personTokenTtl, revoked_at: null },
    tenant: homeOf(grants),
  })
  await work.authority.insert('person', {
    identity_id: identity,
    username,
    enrolment_hash: hashSecret(code),
    enrolment_expires_at: expiresAt,
    invited_by: inviter === null ? null : await makersOf(work, inviter, identity),
  })
  await insertGrants(work, identity, grants)
  return accept({ identity, username, code, expiresAt })
}

/** The deployment has its first admin, and no code makes another. */
export async function endSetUp(work: Work, now: Date): Promise<void> {
  await work.authority.update('deployment', { set_up_at: null }, { set_up_at: now, setup_code_hash: null })
}

/** Refuses NAME-MALFORMED and what `checkNewIdentity` does. */
function checkPerson({ username, name, grants }: NewPerson): Outcome<null> {
  return usernameShape.test(username)
    ? checkNewIdentity({ name, grants })
    : refuse('NAME-MALFORMED', 'a username is 1 to 64 of a-z, 0-9, and . _ @ - between')
}
