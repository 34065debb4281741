import { randomBytes, randomUUID } from 'node:crypto'
import type { Call } from '../audit/record.ts'
import { changesAlone, entry, type Permission, reads } from '../operations/entry.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase, Work } from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { absentIdentity, type Governed, governedBy, holdIdentity } from './appointing.ts'
import type { AwsKey, AwsKeys } from './aws-keys.ts'
import { makersOf } from './duties/hands.ts'
import { nobody } from './duties/rules.ts'
import { id, name } from './fields.ts'
import { hashSecret, maxSecrets, maxTokenTtl, minTokenTtl, nameShape } from './tokens.ts'

/** A client secret, a log-in's token or an API key, as lists show it: never what it is. */
export type Credential = {
  readonly id: string
  readonly kind: 'client-secret' | 'token' | 'api-key'
  readonly name: string | null
  readonly createdAt: Date
  readonly expiresAt: Date | null
}

/** Shown once; `aws`: the same, for clients of AWS. */
export type MadeApiKey = {
  readonly id: string
  readonly token: string
  readonly expiresAt: Date
  readonly aws: AwsKey
}

const maxApiKeys = 32

type Parts = { readonly database: SealedDatabase; readonly awsKeys: AwsKeys; now(): Date }

/** Of an identity, for whoever governs it; `orOwn`: and of itself. */
export const governing = (database: SealedDatabase, orOwn: { readonly orOwn?: true } = {}) => ({
  find: async ({ identity }: { readonly identity: string }): Promise<Outcome<Governed>> =>
    accept(await governedBy(database, identity)),
  permissions: (governs: Governed): readonly Permission[] => [{ governs, ...orOwn }],
})

/** Secrets, tokens and API keys of identities: for whoever governs the identity, and its own for itself. */
export const credentialTable = (parts: Parts) => ({ ...keptEntries(parts), ...newEntries(parts) })

function keptEntries({ database, now }: Parts) {
  const here = governing(database, { orOwn: true })
  return {
    list: entry({
      ...reads,
      ...here,
      name: 'credential.list',
      input: { identity: id },
      async run({ input: { identity } }) {
        const secrets = await database
          .selectFrom('client_secret')
          .select(['id', 'created_at'])
          .where('identity_id', '=', identity)
          .where('revoked_at', 'is', null)
          .orderBy('created_at')
          .execute()
        const tokens = await database
          .selectFrom('token')
          .select(['id', 'name', 'created_at', 'expires_at'])
          .where('identity_id', '=', identity)
          .where('revoked_at', 'is', null)
          .where('expires_at', '>', now())
          .orderBy('created_at')
          .limit(1000)
          .execute()
        const secret = { kind: 'client-secret', name: null, expiresAt: null } as const
        return accept<readonly Credential[]>([
          ...secrets.map(({ id, created_at }) => ({ ...secret, id, createdAt: created_at })),
          ...tokens.map((row) => ({
            id: row.id,
            kind: row.name === null ? ('token' as const) : ('api-key' as const),
            name: row.name,
            createdAt: row.created_at,
            expiresAt: row.expires_at,
          })),
        ])
      },
    }),

    /** Known to every request within a second. A secret takes the tokens with it that it opened. Again, it changes nothing. */
    revoke: entry({
      ...changesAlone,
      ...here,
      touches: nobody,
      name: 'credential.revoke',
      input: { identity: id, id },
      run: ({ input: { identity, id } }) =>
        database.change(async (work) => {
          const revoked_at = now()
          const ended = { identity_id: identity, revoked_at: null }
          await work.authority.update('client_secret', { ...ended, id }, { revoked_at })
          await work.authority.update('token', { ...ended, id }, { revoked_at })
          await work.authority.update('token', { ...ended, client_secret_id: id }, { revoked_at })
          return accept(null)
        }),
    }),
  }
}

/** What somebody could come in with. */
function newEntries({ database, awsKeys, now }: Parts) {
  const equipping = {
    ...changesAlone,
    ...governing(database, { orOwn: true }),
    secondFactor: true,
    touches: ({ identity }: { readonly identity: string }, { call }: { readonly call: Call }) =>
      call.caller.identity === identity ? [] : [{ takes: identity }],
  }

  async function insertApiKey(
    work: Work,
    identity: string,
    named: string,
    { ttlSeconds, made_by }: { readonly ttlSeconds: number; readonly made_by: string | null },
  ) {
    const made = randomUUID()
    const token = randomBytes(32).toString('base64url')
    const expiresAt = new Date(now().getTime() + ttlSeconds * 1000)
    const row = { id: made, hash: hashSecret(token), identity_id: identity, name: named, made_by }
    await work.authority.insert('token', { ...row, expires_at: expiresAt, revoked_at: null })
    return { id: made, token, expiresAt, aws: await awsKeys.of(made) }
  }

  return {
    /** Another secret beside those that are there, shown once. The old ones go on until they are revoked. */
    addSecret: entry({
      ...equipping,
      name: 'credential.add-secret',
      input: { identity: id },
      run: ({ call, input: { identity } }) =>
        database.change(async (work) => {
          const row = await holdIdentity(work, identity)
          if (!row?.client_id) return absentIdentity()
          const there = await work
            .selectFrom('client_secret')
            .select('id')
            .where('identity_id', '=', identity)
            .where('revoked_at', 'is', null)
            .execute()
          if (there.length >= maxSecrets)
            return refuse('CREDENTIALS-FULL', `an identity has at most ${maxSecrets} secrets`)
          const id = randomUUID()
          const clientSecret = randomBytes(32).toString('hex')
          await work.authority.insert('client_secret', {
            ...{ id, identity_id: identity, hash: hashSecret(clientSecret) },
            made_by: await makersOf(work, call.caller.identity, identity),
          })
          return accept({ id, clientId: row.client_id, clientSecret })
        }),
    }),

    /** A token with a name and an end of its own, shown once. */
    addApiKey: entry({
      ...equipping,
      name: 'credential.add-api-key',
      input: {
        identity: id,
        name,
        ttlSeconds: Type.Integer({ minimum: minTokenTtl, maximum: maxTokenTtl }),
      },
      fits({ input: { name, ttlSeconds } }) {
        if (!nameShape.test(name)) return refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters')
        return Number.isInteger(ttlSeconds) && ttlSeconds >= minTokenTtl && ttlSeconds <= maxTokenTtl
          ? accept(null)
          : refuse('REQUEST-FIELDS', `ttlSeconds: expected ${minTokenTtl} to ${maxTokenTtl}`)
      },
      run: ({ call, input: { identity, name, ttlSeconds } }) =>
        database.change(async (work): Promise<Outcome<MadeApiKey>> => {
          if (!(await holdIdentity(work, identity))) return absentIdentity()
          const there = await work
            .selectFrom('token')
            .select('id')
            .where('identity_id', '=', identity)
            .where('name', 'is not', null)
            .where('revoked_at', 'is', null)
            .where('expires_at', '>', now())
            .execute()
          if (there.length >= maxApiKeys)
            return refuse('CREDENTIALS-FULL', `an identity has at most ${maxApiKeys} API keys`)
          const made_by = await makersOf(work, call.caller.identity, identity)
          return accept(await insertApiKey(work, identity, name, { ttlSeconds, made_by }))
        }),
    }),

    /** The same API key with a new token; the old one ends with the reply. What is over, or whose identity is, does not begin again. */
    rotateApiKey: entry({
      ...equipping,
      name: 'credential.rotate-api-key',
      input: { identity: id, id },
      run: ({ call, input: { identity, id } }) =>
        database.change(async (work): Promise<Outcome<MadeApiKey>> => {
          if (!(await holdIdentity(work, identity))) return absentIdentity()
          const made_by = await makersOf(work, call.caller.identity, identity)
          const [old] = await work.authority.update(
            'token',
            (its) =>
              its
                .where('identity_id', '=', identity)
                .where('id', '=', id)
                .where('name', 'is not', null)
                .where('revoked_at', 'is', null)
                .where('expires_at', '>', now()),
            { revoked_at: now() },
          )
          if (!old?.name) return refuse('OBJECT-ABSENT', 'API key not found')
          const ttlSeconds = Math.ceil((old.expires_at.getTime() - old.created_at.getTime()) / 1000)
          return accept(await insertApiKey(work, identity, old.name, { ttlSeconds, made_by }))
        }),
    }),
  }
}
