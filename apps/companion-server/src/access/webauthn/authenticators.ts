import { randomUUID } from 'node:crypto'
import { sha256, utf8 } from '@lux/crypto'
import {
  type AuthenticationResponseJSON,
  generateAuthenticationOptions,
  generateRegistrationOptions,
  type PublicKeyCredentialCreationOptionsJSON,
  type PublicKeyCredentialRequestOptionsJSON,
  type RegistrationResponseJSON,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
  type WebAuthnCredential,
} from '@simplewebauthn/server'
import { changesAlone, entry, foreign, ofOneself, reads } from '../../operations/entry.ts'
import type { SealedDatabase, Work } from '../../platform/database/authority/authority.ts'
import { accept, EnvironmentError, type Outcome, refuse } from '../../refusal.ts'
import { nobody } from '../duties/rules.ts'
import { id, name } from '../fields.ts'
import { nameShape } from '../tokens.ts'
import { endOfChallenge, makeChallenge, type Purpose } from './challenge.ts'
import { registration } from './response-fields.ts'

export type Authenticator = {
  readonly id: string
  readonly name: string
  readonly createdAt: Date
  readonly usedAt: Date | null
}

/** Why an answer shows nothing: `counter`, that the device counted backwards, so that there may be a copy of it. */
export type Proof = 'shown' | 'not-shown' | 'counter'

type Parts = {
  readonly database: SealedDatabase
  /** Of the token; null while it is sealed. */
  secretsKey(): Promise<Uint8Array | null>
  /** The https origin of the console, as browsers know it; null where it is not set. */
  origin(): string | null
  now(): Date
}

const most = 10
/** What browsers agree on, and every authenticator has at least one of: EdDSA, ECDSA with P-256, RSA. */
const algorithms = [-8, -7, -257]

export type Authenticators = ReturnType<typeof openAuthenticators>

/** What authenticators (WebAuthn) show at a log-in. */
export function openAuthenticators(parts: Parts) {
  const { database, now } = parts
  const { place, answer, spend, key } = answers(parts)
  return {
    /** What any browser hands to any authenticator at the log-in. It says of nobody whether he is known. */
    async ask(): Promise<Outcome<PublicKeyCredentialRequestOptionsJSON>> {
      const at = place()
      if (!at.ok) return at
      const challenge = new Uint8Array(makeChallenge(await key(), 'log-in', now()))
      return accept(
        await generateAuthenticationOptions({
          ...{ rpID: at.value.id, challenge, userVerification: 'preferred' },
        }),
      )
    },

    /** Whether one of a person's authenticators answers a challenge of the log-in, for the first time, and has counted on. */
    async prove(identity: string, response: AuthenticationResponseJSON): Promise<Proof> {
      const at = place()
      if (!at.ok) return 'not-shown'
      const row = await ownOf(database, identity).where('credential_id', '=', response.id).executeTakeFirst()
      if (!row) return 'not-shown'
      await database.authority.vouch('authenticator', [row], {
        identity_id: identity,
        credential_id: response.id,
      })
      const answered = await answer('log-in', (expectedChallenge) =>
        verifyAuthenticationResponse({
          ...{ response, expectedChallenge, expectedOrigin: at.value.origin, expectedRPID: at.value.id },
          // What the device has counted is looked at below, at the row as it then is.
          credential: { id: row.credential_id, publicKey: new Uint8Array(row.public_key), counter: 0 },
          requireUserVerification: false,
        }),
      )
      if (answered === null || !answered.result.verified) return 'not-shown'
      const { newCounter } = answered.result.authenticationInfo
      return database.change(async (work) => {
        if (!(await spend(work, answered))) return 'not-shown'
        const counted = await work
          .updateTable('authenticator')
          .set({ counter: newCounter, used_at: now() })
          .where('id', '=', row.id)
          .where('identity_id', '=', identity)
          .where(({ eb, or }) =>
            newCounter === 0 ? eb('counter', '=', '0') : or([eb('counter', '<', String(newCounter))]),
          )
          .executeTakeFirst()
        return Number(counted.numUpdatedRows) === 1 ? 'shown' : 'counter'
      })
    },
  }
}

/** A person's own authenticators: named, several for each, a second factor beside the codes of an app. */
export function authenticatorTable({ database, now, ...parts }: Parts) {
  const { place, answer, spend, key } = answers({ database, now, ...parts })
  const own = { ...changesAlone, ...ofOneself, touches: nobody, secondFactor: true }

  return {
    list: entry({
      ...reads,
      ...ofOneself,
      name: 'authenticator.list',
      input: {},
      async run({ found }): Promise<Outcome<readonly Authenticator[]>> {
        const rows = await ownOf(database, found).orderBy('created_at').execute()
        return accept(
          rows.map(({ id, name, created_at, used_at }) => ({
            id,
            name,
            createdAt: created_at,
            usedAt: used_at,
          })),
        )
      },
    }),

    /** What the browser hands to a new authenticator. Refuses WEBAUTHN-ORIGIN, AUTHENTICATORS-FULL. */
    begin: entry({
      ...own,
      name: 'authenticator.begin',
      isChange: false,
      input: {},
      fits: place,
      repeats: 'done-again',
      async run({ found: identity, fitting: at }): Promise<Outcome<PublicKeyCredentialCreationOptionsJSON>> {
        const person = await personOf(database, identity).executeTakeFirst()
        if (!person) return refuse('OBJECT-ABSENT', 'Person not found')
        if (await isFull(database, identity)) return full()
        const known = await ownOf(database, identity).execute()
        const challenge = new Uint8Array(makeChallenge(await key(), `enrol ${identity}`, now()))
        return accept(
          await generateRegistrationOptions({
            rpName: 'Lux Custody server',
            rpID: at.id,
            challenge,
            userID: new Uint8Array(sha256(utf8(identity))),
            userName: person.username,
            userDisplayName: person.name,
            attestationType: 'none',
            supportedAlgorithmIDs: algorithms,
            // Found by the device itself: the log-in need not say whose names have which devices.
            authenticatorSelection: { residentKey: 'required', userVerification: 'preferred' },
            excludeCredentials: known.map((one) => ({ id: one.credential_id })),
          }),
        )
      },
    }),

    /** Refuses AUTHENTICATOR-REFUSED what does not answer this person's own challenge, once, AUTHENTICATOR-TAKEN, AUTHENTICATORS-FULL. */
    add: entry({
      ...own,
      name: 'authenticator.add',
      input: { name, response: foreign<RegistrationResponseJSON>(registration) },
      fits: ({ input }) =>
        nameShape.test(input.name)
          ? place()
          : refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters'),
      async run({
        found: identity,
        fitting: at,
        input: { name, response },
      }): Promise<Outcome<Authenticator>> {
        const answered = await answer(`enrol ${identity}`, (expectedChallenge) =>
          verifyRegistrationResponse({
            response,
            expectedChallenge,
            expectedOrigin: at.origin,
            expectedRPID: at.id,
            requireUserVerification: false,
            supportedAlgorithmIDs: algorithms,
          }),
        )
        const made = answered === null ? undefined : answered.result.registrationInfo?.credential
        if (answered === null || made === undefined || !answered.result.verified)
          return refuse('AUTHENTICATOR-REFUSED', 'it does not answer what this server asked of you')
        return database.change(async (work): Promise<Outcome<Authenticator>> => {
          // One at a time of each person: nobody counts past the most.
          const person = await personOf(work, identity).forUpdate().executeTakeFirst()
          if (!person) return refuse('OBJECT-ABSENT', 'Person not found')
          if (await isFull(work, identity)) return full()
          if (!(await spend(work, answered)))
            return refuse('AUTHENTICATOR-REFUSED', 'this answer was used before')
          return added(work, { identity, name, now: now() }, made)
        })
      },
    }),

    /** One of the caller's own; the codes of his app stay. */
    remove: entry({
      ...own,
      name: 'authenticator.remove',
      input: { id },
      async run({ found: identity, input: { id } }) {
        const removed = await database.change((work) =>
          work.authority.remove('authenticator', { id, identity_id: identity }),
        )
        return removed === 1 ? accept(null) : refuse('OBJECT-ABSENT', 'Authenticator not found')
      },
    }),
  }
}

/** A service has no hands, and who comes by single sign-on shows his devices there. */
const personOf = (work: SealedDatabase, identity: string) =>
  work
    .selectFrom('person')
    .innerJoin('identity', 'identity.id', 'person.identity_id')
    .select(['person.username', 'identity.name'])
    .where('person.identity_id', '=', identity)
    .where('enrolment_hash', 'is', null)

const full = () => refuse('AUTHENTICATORS-FULL', `a person has ${most} at most`)

async function isFull(work: SealedDatabase, identity: string): Promise<boolean> {
  const { count } = await work
    .selectFrom('authenticator')
    .select(({ fn }) => fn.countAll<string>().as('count'))
    .where('identity_id', '=', identity)
    .executeTakeFirstOrThrow()
  return Number(count) >= most
}

async function added(
  work: Work,
  { identity, name, now }: { readonly identity: string; readonly name: string; readonly now: Date },
  made: WebAuthnCredential,
): Promise<Outcome<Authenticator>> {
  const taken = await work
    .selectFrom('authenticator')
    .select('id')
    .where('credential_id', '=', made.id)
    .executeTakeFirst()
  if (taken) return refuse('AUTHENTICATOR-TAKEN', 'this authenticator is known here already')
  const id = randomUUID()
  await work.authority.insert('authenticator', {
    id,
    credential_id: made.id,
    identity_id: identity,
    name,
    created_at: now,
    used_at: null,
    public_key: Buffer.from(made.publicKey),
    counter: made.counter,
    transports: JSON.stringify(made.transports ?? []),
  })
  return accept({ id, name, createdAt: now, usedAt: null })
}

const ownOf = (database: SealedDatabase, identity: string) =>
  database.selectFrom('authenticator').selectAll().where('identity_id', '=', identity)

/** Challenges of this server, and what answers them. */
function answers({ secretsKey, origin, now }: Parts) {
  function place(): Outcome<{ readonly origin: string; readonly id: string }> {
    const known = origin()
    return known === null
      ? refuse('WEBAUTHN-ORIGIN', 'PUBLIC_URL is not set')
      : accept({ origin: known, id: new URL(known).hostname })
  }

  /** What the library says of an answer, and to which challenge of ours it was; null where it is none. */
  async function answer<T>(
    purpose: Purpose,
    verify: (expectedChallenge: (challenge: string) => boolean) => Promise<T>,
  ): Promise<{ readonly result: T; readonly hash: Buffer; readonly end: Date } | null> {
    const secret = await key()
    const met: { challenge: Buffer; end: Date }[] = []
    try {
      const result = await verify((text) => {
        const challenge = Buffer.from(text, 'base64url')
        const end = endOfChallenge(secret, purpose, challenge, now())
        if (end === null) return false
        met.push({ challenge, end })
        return true
      })
      const [first] = met
      return first === undefined
        ? null
        : { result, hash: Buffer.from(sha256(first.challenge)), end: first.end }
    } catch {
      // The library throws on whatever does not fit; what it says quotes the answer.
      return null
    }
  }

  /** Each challenge is answered once. */
  async function spend(
    work: SealedDatabase,
    { hash, end }: { readonly hash: Buffer; readonly end: Date },
  ): Promise<boolean> {
    await work.deleteFrom('answered_challenge').where('expires_at', '<', now()).execute()
    const done = await work
      .insertInto('answered_challenge')
      .values({ hash, expires_at: end })
      .onConflict((conflict) => conflict.column('hash').doNothing())
      .executeTakeFirst()
    return Number(done.numInsertedOrUpdatedRows) === 1
  }

  async function key(): Promise<Uint8Array> {
    const found = await secretsKey()
    if (found === null) throw new EnvironmentError('TOKEN-PIN', 'the token is not logged in')
    return found
  }

  return { place, answer, spend, key }
}
