import { randomBytes, randomUUID } from 'node:crypto'
import { FormatError } from '@lux/crypto'
import { cameBy, type Proved } from '../access/authorize.ts'
import { hashSecret, issue, type LoggedIn } from '../access/tokens.ts'
import type { Call, Record } from '../audit/record.ts'
import { type Attempt, knownBy, type Strangers } from '../audit/strangers.ts'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import { type SealingKey, seal, unseal } from '../platform/sealed.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { enter, memberIn, memberTokenTtl, type Proven } from './members.ts'
import type { Answer, Provider } from './protocol.ts'
import { absentProvider, type ProviderRow, type Providers } from './providers.ts'

type Parts = {
  readonly database: SealedDatabase
  readonly record: Record
  readonly strangers: Strangers
  readonly key: SealingKey
  readonly providers: Providers
  /** The https origin that browsers know; null where it is not set. */
  readonly origin: string | null
  begin(
    provider: Provider,
    asked: { readonly state: string; readonly callback: string },
  ): Promise<Outcome<{ readonly location: string; readonly checks: string }>>
  finish(
    provider: Provider,
    brought: {
      readonly answer: Answer
      readonly state: string
      readonly callback: string
      readonly checks: string
    },
  ): Promise<Outcome<Proven>>
  now(): Date
}

/** What the browser is to do, and the secret that it keeps: whoever else has the rest of a log-in cannot end it. */
export type Begun = {
  readonly location: string
  readonly browser: string
  /** The answer comes as a form that the provider's own page posts. */
  readonly posted: boolean
}

type Brought = {
  readonly name: string
  readonly answer: Answer
  readonly state: string
  readonly browser: string
}

const attemptLives = 10 * 60_000
const ticketLives = 60_000

const callbackOf = (origin: string, name: string): string => `${origin}/api/v1/auth/sign-on/${name}/callback`

/** A log-in by an identity provider: begun, answered once, and its token taken once by the browser that began it. */
export function openSignOnLogIn(parts: Parts) {
  const { database, strangers, origin } = parts

  return {
    /** What is registered at a provider; null where nobody can come back. */
    callbackOf: (name: string): string | null => (origin === null ? null : callbackOf(origin, name)),

    /** For who is nobody yet: names, and nothing else; none where nobody can come back. */
    async providerNames(): Promise<readonly string[]> {
      if (origin === null) return []
      const rows = await database
        .selectFrom('identity_provider')
        .select('name')
        .where('removed_at', 'is', null)
        .orderBy('name')
        .execute()
      return rows.map(({ name }) => name)
    },

    async begin(name: string, asked: Attempt): Promise<Outcome<Begun>> {
      return strangers.counted(asked, await begun(parts, name))
    },

    /** Each answer is looked at once. What it proves waits for the browser, a minute. */
    async finish(brought: Brought, asked: Attempt): Promise<Outcome<{ readonly call: Call }>> {
      return strangers.counted(asked, await finished(parts, brought, asked))
    },

    /** The token, to the browser that began the log-in, once. */
    async takeToken(
      browser: string,
      asked: Attempt,
    ): Promise<Outcome<{ readonly token: LoggedIn; readonly call: Call }>> {
      return strangers.counted(asked, await taken(parts, browser, asked))
    },
  }
}

async function begun(parts: Parts, name: string): Promise<Outcome<Begun>> {
  const { database, key, providers, origin, now } = parts
  if (origin === null) return refuse('SIGN-ON-ORIGIN', 'PUBLIC_URL is not set')
  const row = await providers.providerOf(name)
  if (row === 'absent') return absentProvider()
  const state = secret()
  const browser = secret()
  const sent = await parts.begin(await providers.opened(row), { state, callback: callbackOf(origin, name) })
  if (!sent.ok) return sent
  const state_hash = hashSecret(state)
  await database.deleteFrom('sign_on_attempt').where('expires_at', '<', now()).execute()
  await database
    .insertInto('sign_on_attempt')
    .values({
      ...{ state_hash, provider_id: row.id, browser_hash: hashSecret(browser) },
      checks_sealed: await seal(key, placeOf(state_hash), sent.value.checks),
      expires_at: new Date(now().getTime() + attemptLives),
    })
    .execute()
  return accept({ location: sent.value.location, browser, posted: row.kind === 'saml' })
}

async function finished(
  parts: Parts,
  brought: Brought,
  asked: Attempt,
): Promise<Outcome<{ readonly call: Call }>> {
  const { database, record, key, providers, origin, now } = parts
  const { name, answer, state, browser } = brought
  if (origin === null) return refuse('SIGN-ON-ORIGIN', 'PUBLIC_URL is not set')
  const row = await providers.providerOf(name)
  if (row === 'absent') return absentProvider()
  const state_hash = hashSecret(state)
  const checks = await takeChecks(parts, row, state_hash, hashSecret(browser))
  if (checks === null)
    return refuse(
      'SIGN-ON-STATE',
      'this log-in was not begun by this browser, is over, or was answered before',
    )
  const proven = await parts.finish(await providers.opened(row), {
    ...{ answer, state, callback: callbackOf(origin, name) },
    checks: await unseal(key, placeOf(state_hash), checks),
  })
  if (!proven.ok) {
    await database.deleteFrom('sign_on_attempt').where('state_hash', '=', state_hash).execute()
    return proven
  }
  const fresh = randomUUID()
  const known = await memberIn(database, row.id, proven.value.subject)
  const by = cameBy('provider', row.id, provedBy(proven.value.provedAt))
  const call = knownBy(asked, known ?? fresh, by)
  return record(call, 'sign-on.log-in', async (subject) => {
    subject.organisation = row.organisation_id
    return database.change(async (work) => {
      const entered = await enter(work, row.id, call.caller.identity, proven.value)
      if (!entered.ok) return entered
      await work
        .updateTable('sign_on_attempt')
        .set({
          ...{ identity_id: entered.value, proved_at: proven.value.provedAt },
          // Whom it proved is believed by this alone: the database could name anybody.
          checks_sealed: await seal(key, ticketOf(state_hash), proofOf(entered.value, proven.value.provedAt)),
          expires_at: new Date(now().getTime() + ticketLives),
        })
        .where('state_hash', '=', state_hash)
        .execute()
      return accept({ call })
    })
  })
}

/** The sealed checks of an attempt, which nobody gets a second time. */
async function takeChecks(
  { database, now }: Parts,
  row: ProviderRow,
  state: Buffer,
  browser: Buffer,
): Promise<Buffer | null> {
  return database.change(async (work) => {
    const there = await work
      .selectFrom('sign_on_attempt')
      .select('checks_sealed')
      .where('state_hash', '=', state)
      .where('provider_id', '=', row.id)
      .where('browser_hash', '=', browser)
      .where('identity_id', 'is', null)
      .where('expires_at', '>', now())
      .forUpdate()
      .executeTakeFirst()
    if (!there?.checks_sealed) return null
    await work
      .updateTable('sign_on_attempt')
      .set({ checks_sealed: null })
      .where('state_hash', '=', state)
      .execute()
    return there.checks_sealed
  })
}

async function taken(
  { database, record, key, now }: Parts,
  browser: string,
  asked: Attempt,
): Promise<Outcome<{ readonly token: LoggedIn; readonly call: Call }>> {
  const done = await database
    .deleteFrom('sign_on_attempt')
    .where('browser_hash', '=', hashSecret(browser))
    .where('identity_id', 'is not', null)
    .where('expires_at', '>', now())
    .returning(['identity_id', 'proved_at', 'state_hash', 'checks_sealed'])
    .executeTakeFirst()
  const identity = done?.identity_id
  const sealed = done?.checks_sealed ?? null
  if (!identity || sealed === null) return refuse('SIGN-ON-STATE', 'no log-in of this browser waits')
  const proof = await unseal(key, ticketOf(done.state_hash), sealed).catch((error: unknown) => {
    if (error instanceof FormatError) return null
    throw error
  })
  if (proof !== proofOf(identity, done.proved_at))
    return refuse('SIGN-ON-STATE', 'this log-in proved somebody else')
  const [id, proved] = [randomUUID(), provedBy(done.proved_at)]
  const call = knownBy(asked, identity, cameBy('session', id, proved))
  return record(call, 'sign-on.take-token', async () =>
    accept({ token: await issue(database, identity, memberTokenTtl, { id, proved }), call }),
  )
}

const provedBy = (at: Date | null): Proved | null => (at === null ? null : { at, by: 'provider' })
const ticketOf = (state: Buffer): string => `sign-on ticket ${state.toString('hex')}`
const proofOf = (identity: string, provedAt: Date | null): string =>
  JSON.stringify([identity, provedAt?.getTime() ?? null])
const placeOf = (state: Buffer): string => `sign-on attempt ${state.toString('hex')}`
const secret = (): string => randomBytes(32).toString('base64url')
