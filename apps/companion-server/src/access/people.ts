import { argon2, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { aesGcmOpen, aesGcmSeal, concatBytes, FormatError, utf8 } from '@lux/crypto'
import { checkPassphrase } from '@lux/crypto/passphrase'
import type { AuthenticationResponseJSON } from '@simplewebauthn/server'
import type { Transaction } from 'kysely'
import { Secret, TOTP } from 'otpauth'
import type { Call, Record } from '../audit/record.ts'
import { type Attempt, knownBy, type Strangers } from '../audit/strangers.ts'
import type { Database } from '../platform/database/open.ts'
import type { Tables } from '../platform/database/tables.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../refusal.ts'
import { openAppointing } from './appointing.ts'
import { type Grant, provedLately } from './authorize.ts'
import { isSignOnRequired, notTheLast } from './break-glass.ts'
import { deviceOf, makeDevice } from './device.ts'
import { giveBackTry, networkOf, takeTry } from './lockout.ts'
import { checkNewIdentity, hashSecret, insertGrants, issue, type LoggedIn } from './tokens.ts'
import type { Authenticators, Proof } from './webauthn/authenticators.ts'

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

/** By password and one second factor: a code of the app, or the answer of an authenticator. */
export type PersonLogIn = { readonly username: string; readonly password: string } & SecondFactor

export type SecondFactor = { readonly totp: string } | { readonly assertion: AuthenticationResponseJSON }

type NewPassword = {
  /** Of the session that goes on. */
  readonly accessToken: string
  readonly old: string
  readonly password: string
}
type Enrolling = { readonly code: string; readonly password: string; readonly totp: string }

type Parts = {
  readonly database: Database
  readonly record: Record
  readonly strangers: Strangers
  /** Of the token, for the secrets of second factors; null while it is sealed. */
  secretsKey(): Promise<Uint8Array | null>
  now(): Date
  /** Hears that a break-glass admin logged in. */
  readonly alarm?: (identity: string) => void
  readonly authenticators: Pick<Authenticators, 'prove'>
}

/** Who guesses in a session has logged in, and strangers have none: it has one count of its own. */
const inSession = { device: 'session' }

const enrolmentLives = 24 * 3_600_000
/** Seconds: a working day. */
const personTokenTtl = 12 * 3600
const usernameShape = /^[a-z0-9](?:[a-z0-9._@-]{0,62}[a-z0-9])?$/
const period = 30

export type PeopleOperations = ReturnType<typeof openPeople>

/** People: invited by whoever may give their roles, known by password and second factor. */
export function openPeople({ database, record, strangers, secretsKey, now, alarm, authenticators }: Parts) {
  const { mayGive, governed } = openAppointing(database)

  return {
    invite(call: Call, wanted: NewPerson): Promise<Outcome<Enrolment>> {
      return record(call, 'person.invite', async (subject) => {
        const sound = checkPerson(wanted)
        if (!sound.ok) return sound
        const given = await mayGive(call, subject, wanted.grants)
        if (!given.ok) return given
        return database.transaction().execute((work) => insertPerson(work, wanted, now()))
      })
    },

    /** A new code for who lost password or second factor: all of them end at once, and so does every token. */
    reset(call: Call, identity: string): Promise<Outcome<Enrolment>> {
      return record(call, 'person.reset', async () => {
        const found = await governed(call, identity)
        if (!found.ok) return found
        const proved = provedLately(call.caller)
        if (!proved.ok) return proved
        const left = await notTheLast(database, identity)
        if (!left.ok) return left
        const code = randomBytes(32).toString('base64url')
        const expiresAt = new Date(now().getTime() + enrolmentLives)
        return database.transaction().execute(async (work) => {
          const person = await work
            .updateTable('person')
            .set({
              ...{ password_hash: null, totp_sealed: null },
              ...{ enrolment_hash: hashSecret(code), enrolment_expires_at: expiresAt },
            })
            .where('identity_id', '=', identity)
            .returning('username')
            .executeTakeFirst()
          if (!person) return refuse('OBJECT-ABSENT', 'Person not found')
          await work.deleteFrom('authenticator').where('identity_id', '=', identity).execute()
          await work
            .updateTable('token')
            .set({ revoked_at: now() })
            .where('identity_id', '=', identity)
            .where('revoked_at', 'is', null)
            .execute()
          return accept({ identity, username: person.username, code, expiresAt })
        })
      })
    },

    /** A fresh second factor for an authenticator, as often as it is asked for until the enrolment ends. */
    async beginEnrolment(
      code: string,
      asked: Attempt,
    ): Promise<Outcome<{ readonly totpUri: string; readonly call: Call }>> {
      const person = await enrolling(code)
      if (person === 'absent') return strangers.counted(asked, noEnrolment())
      const call = knownBy(asked, person.identity_id)
      return record(call, 'person.begin-enrolment', async () => {
        const secret = randomBytes(20)
        const sealed = sealSecret(await key(), person.identity_id, secret)
        await database
          .updateTable('person')
          .set({ totp_sealed: sealed, totp_step: 0 })
          .where('identity_id', '=', person.identity_id)
          .where('enrolment_hash', '=', hashSecret(code))
          .execute()
        return accept({ totpUri: totpOf(secret, person.username).toString(), call })
      })
    },

    /** Sets the password, once a code shows that the authenticator has the secret. The enrolment is over. */
    async enrol(given: Enrolling, asked: Attempt): Promise<Outcome<{ readonly call: Call }>> {
      return strangers.counted(asked, await enrolled(given, asked))
    },

    /** Refuses LOGIN-REFUSED in one text and at one cost, whatever is wrong; what shows the second factor is taken once. */
    async logIn(
      given: PersonLogIn,
      { device = null, ...asked }: Attempt & { readonly device?: string | null },
    ): Promise<Outcome<{ readonly token: LoggedIn; readonly call: Call; readonly device: string }>> {
      const { password } = given
      const username = given.username.toLowerCase()
      const [person, required] = await Promise.all([
        database
          .selectFrom('person')
          .innerJoin('identity', 'identity.id', 'person.identity_id')
          .selectAll('person')
          .select('identity.token_ttl_seconds')
          .where('username', '=', username)
          .where('identity.revoked_at', 'is', null)
          .executeTakeFirst(),
        isSignOnRequired(database),
      ])
      const secret = await key()
      const shown =
        person === undefined || device === null ? null : deviceOf(secret, person.identity_id, device, now())
      const from = shown === null ? { network: networkOf(asked.source) } : { device: shown }
      // Names that nobody has share a few counters: whoever makes them up does not make the table grow.
      const account = `person ${person === undefined ? (hashSecret(username)[0] ?? 0) : username}`
      const attempt = await takeTry(database, account, from)
      const matches = await isPassword(password, person?.password_hash ?? nobody)
      const whole =
        person !== undefined && person.enrolment_hash === null && (!required || person.break_glass)
      const proof = whole && matches && attempt !== 'locked' ? await secondFactor(person, given) : 'not-shown'
      if (!whole || proof !== 'shown') {
        const refused = refuse('LOGIN-REFUSED', 'the credentials do not fit, or are locked')
        // Whoever has the password and a device that counts backwards is worth an entry of his own.
        if (whole && proof === 'counter')
          await record(knownBy(asked, person.identity_id), 'authenticator.counter', async () => refused)
        // What is not looked at is not entered, so that waits limit the log too. The reply does not wait: it would tell whose name is known.
        if (person !== undefined && attempt !== 'locked')
          record(
            knownBy(asked, person.identity_id),
            attempt === 'last' ? 'person.locked' : 'person.log-in',
            async () => refused,
          ).catch(strangers.unentered)
        return strangers.counted(asked, refused)
      }
      await giveBackTry(database, account, from)
      const token = await issue(database, person.identity_id, person.token_ttl_seconds, { provedAt: now() })
      const call = knownBy(asked, person.identity_id)
      const made = { token, call, device: makeDevice(secret, person.identity_id, now()) }
      if (!person.break_glass) return record(call, 'person.log-in', async () => accept(made))
      alarm?.(person.identity_id)
      return record(call, 'person.log-in-break-glass', async () => accept(made))
    },

    /**
     * The caller's own, by the old one and a second factor of the last minutes; every other session of his ends. Refuses PASSWORD-WRONG, and
     * counts it as a log-in does.
     */
    changePassword(call: Call, { accessToken, old, password }: NewPassword): Promise<Outcome<null>> {
      return record(call, 'person.change-password', async () => {
        const { identity } = call.caller
        const person = await database
          .selectFrom('person')
          .select(['username', 'password_hash'])
          .where('identity_id', '=', identity)
          .where('enrolment_hash', 'is', null)
          .executeTakeFirst()
        if (!person) return refuse('OBJECT-ABSENT', 'Person not found')
        const proved = provedLately(call.caller)
        if (!proved.ok) return proved
        const strong = await checkPassphrase(password, [person.username])
        if (!strong.ok) return strong
        const account = `person ${person.username}`
        const isOpen = (await takeTry(database, account, inSession)) !== 'locked'
        const matches = await isPassword(old, person.password_hash ?? nobody)
        if (!isOpen || !matches) return refuse('PASSWORD-WRONG', 'it does not fit, or is locked')
        await giveBackTry(database, account, inSession)
        const password_hash = await hashPassword(password)
        await database.transaction().execute(async (work) => {
          await work
            .updateTable('person')
            .set({ password_hash })
            .where('identity_id', '=', identity)
            .execute()
          await work
            .updateTable('token')
            .set({ revoked_at: now() })
            .where('identity_id', '=', identity)
            .where('name', 'is', null)
            .where('hash', '!=', hashSecret(accessToken))
            .where('revoked_at', 'is', null)
            .execute()
        })
        return accept(null)
      })
    },

    /**
     * A session whose second factor was just shown, in the place of the one that asks; it ends when that one would have. Refuses
     * SECOND-FACTOR-WRONG in one text, and counts as a log-in does.
     */
    proveAnew(
      call: Call,
      { accessToken, ...given }: SecondFactor & { readonly accessToken: string },
    ): Promise<Outcome<LoggedIn>> {
      return record(call, 'person.prove-anew', async () => {
        const wrong = refuse('SECOND-FACTOR-WRONG', 'it does not fit, or is locked')
        const { identity } = call.caller
        const person = await database
          .selectFrom('person')
          .select(['identity_id', 'username', 'totp_sealed'])
          .where('identity_id', '=', identity)
          .where('enrolment_hash', 'is', null)
          .executeTakeFirst()
        if (!person) return wrong
        const account = `person ${person.username}`
        if ((await takeTry(database, account, inSession)) === 'locked') return wrong
        if ((await secondFactor(person, given)) !== 'shown') return wrong
        await giveBackTry(database, account, inSession)
        const left = await leftOf(accessToken)
        if (left <= 0) return wrong
        const token = await issue(database, identity, left, { provedAt: now() })
        await database
          .updateTable('token')
          .set({ revoked_at: now() })
          .where('hash', '=', hashSecret(accessToken))
          .execute()
        return accept(token)
      })
    },
  }

  /** Seconds that a session still lives; an API key is none. */
  async function leftOf(accessToken: string): Promise<number> {
    const row = await database
      .selectFrom('token')
      .select('expires_at')
      .where('hash', '=', hashSecret(accessToken))
      .where('name', 'is', null)
      .executeTakeFirst()
    return row === undefined ? 0 : Math.floor((row.expires_at.getTime() - now().getTime()) / 1000)
  }

  async function secondFactor(
    { identity_id, totp_sealed }: { readonly identity_id: string; readonly totp_sealed: Buffer | null },
    given: SecondFactor,
  ): Promise<Proof> {
    if ('assertion' in given) return authenticators.prove(identity_id, given.assertion)
    const secret = totp_sealed === null ? null : openSecret(await key(), identity_id, totp_sealed)
    const step = secret === null ? null : stepOf(secret, given.totp, now())
    return step !== null && (await takeStep(identity_id, step)) ? 'shown' : 'not-shown'
  }

  async function enrolled(
    { code, password, totp }: Enrolling,
    asked: Attempt,
  ): Promise<Outcome<{ readonly call: Call }>> {
    const person = await enrolling(code)
    if (person === 'absent') return noEnrolment()
    const strong = await checkPassphrase(password, [person.username])
    if (!strong.ok) return strong
    if (person.totp_sealed === null) return refuse('TOTP-WRONG', 'the second factor was not begun')
    const secret = openSecret(await key(), person.identity_id, person.totp_sealed)
    const step = stepOf(secret, totp, now())
    if (step === null) return refuse('TOTP-WRONG', 'the code is not the authenticator’s')
    const password_hash = await hashPassword(password)
    const done = await database.transaction().execute(async (work) => {
      const admin = await work
        .selectFrom('role_grant')
        .select('role')
        .where('identity_id', '=', person.identity_id)
        .where('role', '=', 'server-admin')
        .executeTakeFirst()
      // First, as a set-up does it that would take this person's place.
      if (admin) await work.selectFrom('deployment').select('id').forUpdate().execute()
      const its = await work
        .updateTable('person')
        .set({ password_hash, totp_step: step, enrolment_hash: null, enrolment_expires_at: null })
        .where('identity_id', '=', person.identity_id)
        .where('enrolment_hash', '=', hashSecret(code))
        .executeTakeFirst()
      if (Number(its.numUpdatedRows) === 0) return false
      if (admin) await endSetUp(work, now())
      return true
    })
    if (!done) return noEnrolment()
    const call = knownBy(asked, person.identity_id)
    return record(call, 'person.enrol', async () => accept({ call }))
  }

  async function takeStep(identity: string, step: number): Promise<boolean> {
    const taken = await database
      .updateTable('person')
      .set({ totp_step: step })
      .where('identity_id', '=', identity)
      .where('totp_step', '<', String(step))
      .executeTakeFirst()
    return Number(taken.numUpdatedRows) === 1
  }

  async function enrolling(code: string) {
    const person = await database
      .selectFrom('person')
      .selectAll()
      .where('enrolment_hash', '=', hashSecret(code))
      .where('enrolment_expires_at', '>', now())
      .executeTakeFirst()
    return person ?? 'absent'
  }

  async function key(): Promise<Uint8Array> {
    const found = await secretsKey()
    if (found === null) throw new EnvironmentError('TOKEN-PIN', 'the token is not logged in')
    return found
  }
}

/** A person who has yet to enrol, in a transaction that may do more. Refuses USERNAME-TAKEN and what `checkPerson` does. */
export async function insertPerson(
  work: Transaction<Tables>,
  { username, name, grants }: NewPerson,
  now: Date,
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
  await work
    .insertInto('identity')
    .values({ id: identity, name, client_id: null, token_ttl_seconds: personTokenTtl, revoked_at: null })
    .execute()
  await work
    .insertInto('person')
    .values({
      identity_id: identity,
      username,
      enrolment_hash: hashSecret(code),
      enrolment_expires_at: expiresAt,
    })
    .execute()
  await insertGrants(work, identity, grants)
  return accept({ identity, username, code, expiresAt })
}

/** The deployment has its first admin, and no code makes another. */
export async function endSetUp(work: Transaction<Tables>, now: Date): Promise<void> {
  await work
    .updateTable('deployment')
    .set({ set_up_at: now, setup_code_hash: null })
    .where('set_up_at', 'is', null)
    .execute()
}

/** Refuses NAME-MALFORMED and what `checkNewIdentity` does. */
function checkPerson({ username, name, grants }: NewPerson): Outcome<null> {
  return usernameShape.test(username)
    ? checkNewIdentity({ name, grants })
    : refuse('NAME-MALFORMED', 'a username is 1 to 64 of a-z, 0-9, and . _ @ - between')
}

const noEnrolment = () => refuse('ENROLMENT-ABSENT', 'the code is wrong, used or over')

const totpOf = (secret: Uint8Array, username: string): TOTP =>
  new TOTP({
    ...{ issuer: 'Lux Custody', label: username, algorithm: 'SHA1', digits: 6, period },
    secret: new Secret({ buffer: new Uint8Array(secret).buffer }),
  })

/** The step whose code this is, one before and after the present one allowed for clocks; null of no such. */
function stepOf(secret: Uint8Array, code: string, now: Date): number | null {
  const timestamp = now.getTime()
  const delta = totpOf(secret, '').validate({ token: code, timestamp, window: 1 })
  return delta === null ? null : Math.floor(timestamp / 1000 / period) + delta
}

const sealSecret = (key: Uint8Array, identity: string, secret: Uint8Array): Buffer => {
  const nonce = randomBytes(12)
  return Buffer.from(concatBytes(nonce, aesGcmSeal(key, nonce, secret, utf8(identity))))
}

/** Throws PERSON-ROW-CHANGED. */
export function openSecret(key: Uint8Array, identity: string, sealed: Uint8Array): Uint8Array {
  try {
    // Shorter than a nonce, it is shorter than a tag too.
    const [nonce, body] = [sealed.subarray(0, 12), sealed.subarray(12)]
    return aesGcmOpen(key, nonce.length < 12 ? new Uint8Array(12) : nonce, body, utf8(identity))
  } catch (error) {
    if (!(error instanceof FormatError)) throw error
    throw new EnvironmentError('PERSON-ROW-CHANGED', `the second factor of ${identity} does not open`)
  }
}

const derive = promisify(argon2)
/** What OWASP asks of Argon2id at least: 19 MiB, two passes. */
const cost = { memory: 19_456, passes: 2, parallelism: 1, tagLength: 32 } as const

const digest = (password: string, nonce: Uint8Array): Promise<Buffer> =>
  derive('argon2id', { message: password.normalize('NFC'), nonce, ...cost })

async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16)
  const hash = await digest(password, salt)
  return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=1$${plain(salt)}$${plain(hash)}`
}

async function isPassword(password: string, stored: string): Promise<boolean> {
  const [, salt = '', hash = ''] = /\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/.exec(stored) ?? []
  const expected = Buffer.from(hash, 'base64')
  const given = await digest(password, Buffer.from(salt, 'base64'))
  return expected.length === given.length && timingSafeEqual(expected, given)
}

const plain = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
/** Costs what a person's costs, and is nobody's. */
const nobody = `$argon2id$${plain(randomBytes(16))}$${plain(randomBytes(32))}`
