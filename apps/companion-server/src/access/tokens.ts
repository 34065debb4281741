import { hash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import { LRUCache } from 'lru-cache'
import { type SealedDatabase, vouchedOf, type Work } from '../platform/database/authority/authority.ts'
import type { TokenTable } from '../platform/database/tables.ts'
import type { SharedCounts } from '../platform/shared-counts.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { grantsOf } from './appointing.ts'
import { type Caller, cameBy, type Grant, neverProved, type Proved } from './authorize.ts'
import { makersOf } from './duties/hands.ts'
import { countFailure, isLocked, networkOf, type Try } from './lockout.ts'
import { openRateLimit, type RateLimit } from './rate-limit.ts'

export type LoggedIn = {
  readonly identity: string
  readonly accessToken: string
  readonly expiresIn: number
}

export type Authentication = {
  /** `failed` hears of each failure that was looked at, where the client is known. `credential`: the id of the secret. */
  logIn(
    clientId: string,
    clientSecret: string,
    source: string,
    failed?: (identity: string, attempt: Exclude<Try, 'locked'>) => void,
  ): Promise<(LoggedIn & { readonly credential: string }) | 'refused'>
  /** Refuses RATE-LIMITED where a source without a name, or an identity, has asked too often. */
  roomForStranger(source: string): Outcome<null>
  roomFor(identity: string): Outcome<null>
  /** The same token of a program, for as long again as its identity's tokens live; at most `maxTokenTtl` after its login. */
  renew(accessToken: string): Promise<LoggedIn | 'unknown'>
  /** The identity behind a bearer token. A revoked one is known within a second. */
  find(accessToken: string): Promise<Caller | 'unknown'>
  /** Who may do what has changed somewhere. */
  forget(): void
  /** The identity of an API key, by its id: for doors where another secret shows that the caller has it. */
  findApiKey(id: string): Promise<Caller | 'unknown'>
}

const thirtyDays = 30 * 24 * 3600

/** How long the tokens of an identity may live, in seconds, and how many roles it may have. */
export const minTokenTtl = 60
export const maxTokenTtl = 31_536_000
/** Tokens of workloads are short, and go on for a day at most: then the workload shows again who it is. */
export const maxWorkloadTtl = 3600
const maxWorkloadLife = 86_400
export const maxGrants = 32
/** Secrets that an identity may have at once. */
export const maxSecrets = 4

/** A name for people: of an identity, a person, a secret, an organisation, a project. */
export const nameShape = /^(?!\s)[^\p{C}]{1,64}(?<!\s)$/u

/** Calls a second: of one identity, and of one source that asks to become one. A bucket has a second's worth. */
export const defaultPerSecond = 5000
const strangersPerSecond = 50

export function openAuthentication(
  database: SealedDatabase,
  perSecond = defaultPerSecond,
  shared: Pick<SharedCounts, 'count'> | null = null,
  /** Hears of whom a role was read whose conditions are none. */
  unreadable: (identity: string) => void = () => undefined,
): Authentication {
  const known = new LRUCache<string, { caller: Caller; until: number }>({ max: 10_000, ttl: 1000 })

  const strangers = openRateLimit(strangersPerSecond, Date.now, shared)
  const identities = openRateLimit(perSecond, Date.now, shared)
  const within =
    (rate: RateLimit) =>
    (of: string): Outcome<null> =>
      rate.take(of) ? accept(null) : refuse('RATE-LIMITED', 'too many calls in one second')

  return {
    roomForStranger: (source) => within(strangers)(networkOf(source)),
    roomFor: within(identities),

    async logIn(clientId, clientSecret, source, heard) {
      // The same work whether or not the account exists or is locked: read both, hash, compare.
      const [identity, locked] = await Promise.all([
        database.selectFrom('identity').selectAll().where('client_id', '=', clientId).executeTakeFirst(),
        isLocked(database, clientId, source),
      ])
      const secrets = await database
        .selectFrom('client_secret')
        .selectAll()
        .where('identity_id', '=', identity?.id ?? '')
        .where('revoked_at', 'is', null)
        .limit(maxSecrets)
        .execute()
      const given = hashSecret(clientSecret)
      const padded = Array.from({ length: maxSecrets }, (_, at) => secrets[at] ?? null)
      const matching = padded.filter((one) => timingSafeEqual(given, one?.hash ?? Buffer.alloc(32)))
      const secret = matching.find((one) => one !== null)
      if (!identity || identity.revoked_at !== null || !secret) {
        // Attempts while locked do not extend the lock; nobody guesses 256 bits, so that the right ones never wait.
        const attempt = locked ? 'locked' : await countFailure(database, clientId, source)
        if (attempt !== 'locked' && identity?.revoked_at === null) heard?.(identity.id, attempt)
        return 'refused'
      }
      await database.authority.vouch('identity', [identity], { client_id: clientId })
      await database.authority.vouch('client_secret', [secret], {
        identity_id: identity.id,
        revoked_at: null,
      })
      const token = await issue(database, identity.id, identity.token_ttl_seconds, { secret: secret.id })
      return { ...token, credential: secret.id }
    },

    async renew(accessToken) {
      const hash = hashSecret(accessToken)
      const renewed = await database.change(async (work) => {
        const now = await timeOf(work)
        const token = await work
          .selectFrom('token')
          .selectAll()
          .where('hash', '=', hash)
          // An API key ends when it was said to, and so does what a person logged in to.
          .where('name', 'is', null)
          .where('revoked_at', 'is', null)
          .where('expires_at', '>', now)
          .executeTakeFirst()
        const identity = token && (await living(work, token.identity_id))
        if (!identity || identity.client_id === null) return null
        const rule = token.workload_rule_id === null ? null : await ruleOf(work, token.workload_rule_id)
        if (rule === undefined) return null
        const ends = Math.min(
          now.getTime() + (rule ?? identity).token_ttl_seconds * 1000,
          token.created_at.getTime() + (rule === null ? maxTokenTtl : maxWorkloadLife) * 1000,
        )
        const [row] = await work.authority.update(
          'token',
          { id: token.id, revoked_at: null },
          { expires_at: new Date(ends) },
        )
        return row === undefined
          ? null
          : { identity: identity.id, lives: Math.floor((ends - now.getTime()) / 1000) }
      })
      known.delete(hash.toString('base64'))
      if (renewed === null) return 'unknown'
      return { identity: renewed.identity, accessToken, expiresIn: renewed.lives }
    },

    forget: () => known.clear(),
    find: (accessToken) => holderOf('hash', hashSecret(accessToken)),
    findApiKey: (id) => holderOf('id', id),
  }

  async function holderOf(column: 'hash' | 'id', value: Buffer | string): Promise<Caller | 'unknown'> {
    const name = typeof value === 'string' ? value : value.toString('base64')
    const cached = known.get(name)
    if (cached && cached.until > Date.now()) return cached.caller
    let found = database
      .selectFrom('token')
      .selectAll()
      .where(column, '=', value)
      .where('revoked_at', 'is', null)
      .where('expires_at', '>', sql<Date>`now()`)
    if (column === 'id') found = found.where('name', 'is not', null)
    const row = await found.executeTakeFirst()
    if (!row) return 'unknown'
    await database.authority.vouch('token', [row], { [column]: value, revoked_at: null })
    const [identity, grants] = await Promise.all([
      living(database, row.identity_id),
      grantsOf(database, row.identity_id),
    ])
    if (!identity) return 'unknown'
    if (grants.some(({ conditions }) => conditions?.unreadable)) unreadable(identity.id)
    const isPerson = identity.client_id === null
    const session =
      row.name === null
        ? { provedAt: row.proved_at ?? neverProved, token: row.id }
        : { provedAt: neverProved }
    const [kind, credential] =
      row.workload_rule_id !== null
        ? (['workload', `${row.workload_rule_id}:${row.id}`] as const)
        : ([row.name !== null ? 'api-key' : isPerson ? 'session' : 'token', row.id] as const)
    const caller: Caller = {
      identity: identity.id,
      token: row.id,
      grants,
      by: cameBy(kind, credential, isPerson && row.name === null ? provedOf(row) : null),
      ...(isPerson ? { session } : {}),
    }
    known.set(name, { caller, until: row.expires_at.getTime() })
    return caller
  }
}

function provedOf({ proved_at: at, proved_by: by }: Pick<Selectable<TokenTable>, 'proved_at' | 'proved_by'>) {
  // The server wrote it, as the row's MAC says.
  return at === null ? null : { at, by: (by ?? 'unnamed') as Proved['by'] }
}

export type NewIdentity = {
  readonly name: string
  readonly grants: readonly Grant[]
  readonly ttlSeconds?: number
}

export type Credentials = {
  readonly identity: string
  readonly clientId: string
  readonly clientSecret: string
}

/** What is wanted of a new identity is within bounds. Refuses GRANT-REFUSED no role or one that is given twice, NAME-MALFORMED, REQUEST-FIELDS. */
export function checkNewIdentity({ name, grants, ttlSeconds = thirtyDays }: NewIdentity): Outcome<null> {
  if (grants.length === 0) return refuse('GRANT-REFUSED', 'an identity has at least one role')
  if (!nameShape.test(name)) return refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters')
  if (grants.length > maxGrants) return refuse('REQUEST-FIELDS', `grants: expected at most ${maxGrants}`)
  if (!Number.isInteger(ttlSeconds) || ttlSeconds < minTokenTtl || ttlSeconds > maxTokenTtl)
    return refuse('REQUEST-FIELDS', `tokenTtlSeconds: expected ${minTokenTtl} to ${maxTokenTtl}`)
  const places = grants.map(({ role, organisation, project }) =>
    JSON.stringify([role, organisation, project]),
  )
  if (new Set(places).size < places.length)
    return refuse('GRANT-REFUSED', 'a role is given twice in the same place')
  return accept(null)
}

/** A machine identity. Its secret, 256 random bits, is given here once and kept as SHA-256. Refuses what `checkNewIdentity` does. */
export async function insertIdentity(
  work: Work,
  wanted: NewIdentity,
  /** Has the secret too; null: whoever gets it made it himself. */
  maker: string | null,
): Promise<Outcome<Credentials>> {
  const within = checkNewIdentity(wanted)
  if (!within.ok) return within
  const identity = randomUUID()
  const clientId = randomUUID()
  const clientSecret = randomBytes(32).toString('hex')
  await work.authority.insert('identity', {
    id: identity,
    name: wanted.name,
    client_id: clientId,
    token_ttl_seconds: wanted.ttlSeconds ?? thirtyDays,
    revoked_at: null,
    tenant: homeOf(wanted.grants),
  })
  await work.authority.insert('client_secret', {
    id: randomUUID(),
    identity_id: identity,
    hash: hashSecret(clientSecret),
    made_by: maker === null ? null : await makersOf(work, maker, identity),
  })
  await insertGrants(work, identity, wanted.grants)
  return accept({ identity, clientId, clientSecret })
}

export async function insertGrants(work: Work, identity: string, grants: readonly Grant[]): Promise<void> {
  for (const { role, organisation, project, conditions } of grants)
    await work.authority.insert('role_grant', {
      identity_id: identity,
      role,
      organisation_id: organisation,
      project_id: project,
      conditions: conditions ? JSON.stringify(conditions) : null,
    })
}

/** Whose authority an identity belongs to: that of the one organisation that it begins in, else the deployment's. */
export function homeOf(grants: readonly Pick<Grant, 'organisation'>[]): string {
  const [first, ...more] = new Set(grants.map(({ organisation }) => organisation))
  return more.length === 0 ? (first ?? '') : ''
}

/** A new access token of an identity. `proved`: when and by what its person was. */
export async function issue(
  database: SealedDatabase,
  identity: string,
  ttlSeconds: number,
  {
    id = randomUUID(),
    secret = null,
    rule = null,
    proved = null,
  }: {
    readonly id?: string
    readonly secret?: string | null
    readonly rule?: string | null
    readonly proved?: Proved | null
  } = {},
): Promise<LoggedIn> {
  const accessToken = randomBytes(32).toString('base64url')
  await database.change(async (work) =>
    work.authority.insert('token', {
      id,
      hash: hashSecret(accessToken),
      identity_id: identity,
      expires_at: new Date((await timeOf(work)).getTime() + ttlSeconds * 1000),
      client_secret_id: secret,
      workload_rule_id: rule,
      proved_at: proved?.at ?? null,
      proved_by: proved?.by ?? null,
      revoked_at: null,
    }),
  )
  return { identity, accessToken, expiresIn: ttlSeconds }
}

/** The database's clock: tokens end by the same one, whichever server gave them. */
async function timeOf(work: Work): Promise<Date> {
  const { rows } = await sql<{ now: Date }>`select now()`.execute(work)
  return rows[0]?.now ?? new Date()
}

/** An identity that is not revoked, as the server wrote it. */
export async function living(database: SealedDatabase, id: string) {
  const row = await database
    .selectFrom('identity')
    .selectAll()
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (row) await database.authority.vouch('identity', [row], { id, revoked_at: null })
  return row
}

/** A workload rule that is not over, as the server wrote it. */
async function ruleOf(work: Work, id: string) {
  const row = await work
    .selectFrom('workload_rule')
    .selectAll()
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (row) await work.authority.vouch('workload_rule', [row], { id, revoked_at: null })
  return row
}

/** Log-ins that ended a day ago or earlier. API keys stay, for those who look at who had access, and so does what the server did not write. */
export async function forgetEndedTokens(database: SealedDatabase, batch = 1000): Promise<void> {
  const yesterday = sql<Date>`now() - interval '1 day'`
  for (let after = ''; ; ) {
    const ended = await database
      .selectFrom('token')
      .selectAll()
      .where('id', '>', after)
      .where('name', 'is', null)
      .where(({ or, eb }) => or([eb('expires_at', '<', yesterday), eb('revoked_at', '<', yesterday)]))
      .orderBy('id')
      .limit(batch)
      .execute()
    const own = (await vouchedOf(database.authority, 'token', ended, { name: null })).map(({ id }) => id)
    if (own.length > 0)
      await database.change((work) => work.authority.remove('token', (its) => its.where('id', 'in', own)))
    const last = ended.at(-1)
    if (last === undefined || ended.length < batch) return
    after = last.id
  }
}

export function hashSecret(text: string): Buffer {
  return hash('sha256', text, 'buffer')
}
