import { randomBytes, randomUUID } from 'node:crypto'
import { wipe } from '@lux/crypto'
import { checkPassphrase } from '@lux/crypto/passphrase'
import type { Call, Record } from '../audit/record.ts'
import { type Attempt, knownBy, type Strangers } from '../audit/strangers.ts'
import {
  type Digests,
  notingAuthority,
  type SealedDatabase,
  type Work,
} from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { cameBy, type Proved } from './authorize.ts'
import { isSignOnRequired } from './break-glass.ts'
import { deviceOf, makeDevice } from './device.ts'
import { giveBackTry, networkOf, takeTry } from './lockout.ts'
import { endSetUp } from './people.ts'
import {
  hashPassword,
  isPassword,
  nobody,
  type PersonSecrets,
  type SecondFactor,
  sealSecret,
  stepOf,
  totpUri,
  withSecret,
} from './person-secrets.ts'
import { hashSecret, issue, type LoggedIn, living } from './tokens.ts'

/** By password and one second factor. */
export type PersonLogIn = { readonly username: string; readonly password: string } & SecondFactor

type Enrolling = { readonly code: string; readonly password: string; readonly totp: string }

type Parts = {
  readonly database: SealedDatabase
  readonly record: Record
  readonly strangers: Strangers
  readonly secrets: PersonSecrets
  now(): Date
  /** Hears that a break-glass admin logged in. */
  readonly alarm?: (identity: string) => void
}

export type PersonLogIns = ReturnType<typeof openPersonLogIns>

/** How people become known: by password and second factor, which they set with a code at first. */
export function openPersonLogIns(parts: Parts) {
  const { database, record, strangers, secrets, now, alarm } = parts
  return {
    /** A fresh second factor for an authenticator, as often as it is asked for until the enrolment ends. */
    async beginEnrolment(
      code: string,
      asked: Attempt,
    ): Promise<Outcome<{ readonly totpUri: string; readonly call: Call }>> {
      const person = await enrolling(parts, code)
      if (person === 'absent') return strangers.counted(asked, noEnrolment())
      const call = knownBy(asked, person.identity_id, cameBy('enrolment-code'))
      return record(call, 'person.begin-enrolment', async () => {
        const secret = randomBytes(20)
        const sealed = sealSecret(await secrets.key(), person.identity_id, secret)
        const uri = totpUri(secret, person.username)
        wipe(secret)
        await database.change((work) =>
          work.authority.update(
            'person',
            { identity_id: person.identity_id, enrolment_hash: hashSecret(code) },
            { totp_sealed: sealed, totp_step: 0 },
          ),
        )
        return accept({ totpUri: uri, call })
      })
    },

    /** Sets the password, once a code shows that the authenticator has the secret. The enrolment is over. */
    async enrol(given: Enrolling, asked: Attempt): Promise<Outcome<{ readonly call: Call }>> {
      return strangers.counted(asked, await enrolled(parts, given, asked))
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
      const secret = await secrets.key()
      const shown =
        person === undefined || device === null ? null : deviceOf(secret, person.identity_id, device, now())
      const from = shown === null ? { network: networkOf(asked.source) } : { device: shown }
      // Names that nobody has share a few counters: whoever makes them up does not make the table grow.
      const account = `person ${person === undefined ? (hashSecret(username)[0] ?? 0) : username}`
      const attempt = await takeTry(database, account, from)
      const matches = await isPassword(password, person?.password_hash ?? nobody)
      const whole =
        person !== undefined && person.enrolment_hash === null && (!required || person.break_glass)
      const proof =
        whole && matches && attempt !== 'locked' ? await secrets.shown(person, given) : 'not-shown'
      if (!whole || proof !== 'shown') {
        const failing = (identity: string) => knownBy(asked, identity, cameBy('password'))
        const refused = refuse('LOGIN-REFUSED', 'the credentials do not fit, or are locked')
        // Whoever has the password and a device that counts backwards is worth an entry of his own.
        if (whole && proof === 'counter')
          await record(failing(person.identity_id), 'authenticator.counter', async () => refused)
        // What is not looked at is not entered, so that waits limit the log too. The reply does not wait: it would tell whose name is known.
        if (person !== undefined && attempt !== 'locked')
          record(
            failing(person.identity_id),
            attempt === 'last' ? 'person.locked' : 'person.log-in',
            async () => refused,
          ).catch(strangers.unentered)
        return strangers.counted(asked, refused)
      }
      await database.authority.vouch('person', [person], { username })
      await living(database, person.identity_id)
      await giveBackTry(database, account, from)
      const id = randomUUID()
      const proved: Proved = { at: now(), by: 'totp' in given ? 'totp' : 'webauthn' }
      const call = knownBy(asked, person.identity_id, cameBy('session', id, proved))
      if (person.break_glass) alarm?.(person.identity_id)
      return record(call, person.break_glass ? 'person.log-in-break-glass' : 'person.log-in', async () => {
        const token = await issue(database, person.identity_id, person.token_ttl_seconds, { id, proved })
        return accept({ token, call, device: makeDevice(secret, person.identity_id, now()) })
      })
    },
  }
}

async function enrolled(
  parts: Parts,
  { code, password, totp }: Enrolling,
  asked: Attempt,
): Promise<Outcome<{ readonly call: Call }>> {
  const { database, record, secrets, now } = parts
  const person = await enrolling(parts, code)
  if (person === 'absent') return noEnrolment()
  const strong = await checkPassphrase(password, [person.username])
  if (!strong.ok) return strong
  if (person.totp_sealed === null) return refuse('TOTP-WRONG', 'the second factor was not begun')
  const key = await secrets.key()
  const step = withSecret(key, person.identity_id, person.totp_sealed, (secret) =>
    stepOf(secret, totp, now()),
  )
  if (step === null) return refuse('TOTP-WRONG', 'the code is not the authenticator’s')
  const password_hash = await hashPassword(password)
  const authority: Digests = new Map()
  const enrol = async (work: Work) => {
    const admin = await work
      .selectFrom('role_grant')
      .select('role')
      .where('identity_id', '=', person.identity_id)
      .where('role', '=', 'server-admin')
      .executeTakeFirst()
    // First, as a set-up does it that would take this person's place.
    if (admin) await work.selectFrom('deployment').select('id').forUpdate().execute()
    const its = await work.authority.update(
      'person',
      { identity_id: person.identity_id, enrolment_hash: hashSecret(code) },
      { password_hash, totp_step: step, enrolment_hash: null, enrolment_expires_at: null },
    )
    if (its.length === 0) return false
    if (admin) await endSetUp(work, now())
    return true
  }
  if (!(await notingAuthority(authority, () => database.change(enrol)))) return noEnrolment()
  const by = cameBy('enrolment-code', null, { at: now(), by: 'totp' })
  const call = knownBy(asked, person.identity_id, by)
  return record(call, 'person.enrol', async (subject) => {
    subject.authority = authority
    return accept({ call })
  })
}

async function enrolling({ database, now }: Parts, code: string) {
  const person = await database
    .selectFrom('person')
    .selectAll()
    .where('enrolment_hash', '=', hashSecret(code))
    .where('enrolment_expires_at', '>', now())
    .executeTakeFirst()
  if (person) await database.authority.vouch('person', [person], { enrolment_hash: hashSecret(code) })
  return person ?? 'absent'
}

const noEnrolment = () => refuse('ENROLMENT-ABSENT', 'the code is wrong, used or over')
