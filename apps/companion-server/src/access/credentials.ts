import { randomBytes, randomUUID } from 'node:crypto'
import type { Call, Record } from '../audit/record.ts'
import type { Database } from '../platform/database/open.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { holdIdentity, openAppointing } from './appointing.ts'
import { provedLately } from './authorize.ts'
import type { AwsKey, AwsKeys } from './aws-keys.ts'
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

export type NewApiKey = { readonly identity: string; readonly name: string; readonly ttlSeconds: number }

const maxApiKeys = 32

type Parts = {
  readonly database: Database
  readonly record: Record
  readonly awsKeys: AwsKeys
  now(): Date
}

/** Secrets, tokens and API keys of identities: for whoever governs the identity, and its own for itself. */
export type CredentialOperations = ReturnType<typeof openCredentialOperations>

export function openCredentialOperations({ database, record, awsKeys, now }: Parts) {
  const { governed } = openAppointing(database)

  async function reachable(call: Call, identity: string): Promise<Outcome<null>> {
    if (call.caller.identity === identity) return accept(null)
    const found = await governed(call, identity)
    return found.ok ? accept(null) : found
  }

  /** For what somebody could come in with. */
  async function mayEquip(call: Call, identity: string): Promise<Outcome<null>> {
    const allowed = await reachable(call, identity)
    return allowed.ok ? provedLately(call.caller) : allowed
  }

  return {
    list(call: Call, identity: string): Promise<Outcome<readonly Credential[]>> {
      return record(call, 'credential.list', async () => {
        const allowed = await reachable(call, identity)
        if (!allowed.ok) return allowed
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
        return accept<readonly Credential[]>([
          ...secrets.map(({ id, created_at }) => ({
            ...({ id, kind: 'client-secret', name: null, expiresAt: null } as const),
            createdAt: created_at,
          })),
          ...tokens.map(({ id, name, created_at, expires_at }) => ({
            ...({ id, kind: name === null ? 'token' : 'api-key', name } as const),
            ...{ createdAt: created_at, expiresAt: expires_at },
          })),
        ])
      })
    },

    /** Another secret beside those that are there, shown once. The old ones go on until they are revoked. */
    addSecret(
      call: Call,
      identity: string,
    ): Promise<Outcome<{ readonly id: string; readonly clientId: string; readonly clientSecret: string }>> {
      return record(call, 'credential.add-secret', async () => {
        const allowed = await mayEquip(call, identity)
        if (!allowed.ok) return allowed
        return database.transaction().execute(async (work) => {
          const row = await holdIdentity(work, identity)
          if (!row?.client_id) return refuse('OBJECT-ABSENT', 'Identity not found')
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
          await work
            .insertInto('client_secret')
            .values({ id, identity_id: identity, hash: hashSecret(clientSecret) })
            .execute()
          return accept({ id, clientId: row.client_id, clientSecret })
        })
      })
    },

    /** A token with a name and an end of its own, shown once. */
    addApiKey(call: Call, { identity, name, ttlSeconds }: NewApiKey): Promise<Outcome<MadeApiKey>> {
      return record(call, 'credential.add-api-key', async () => {
        const allowed = await mayEquip(call, identity)
        if (!allowed.ok) return allowed
        if (!nameShape.test(name)) return refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters')
        if (!Number.isInteger(ttlSeconds) || ttlSeconds < minTokenTtl || ttlSeconds > maxTokenTtl)
          return refuse('REQUEST-FIELDS', `ttlSeconds: expected ${minTokenTtl} to ${maxTokenTtl}`)
        return database.transaction().execute(async (work) => {
          if (!(await holdIdentity(work, identity))) return refuse('OBJECT-ABSENT', 'Identity not found')
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
          return accept(await insertApiKey(work, identity, name, ttlSeconds))
        })
      })
    },

    /** The same API key with a new token; the old one ends with the reply. */
    rotateApiKey(
      call: Call,
      { identity, id }: { readonly identity: string; readonly id: string },
    ): Promise<Outcome<MadeApiKey>> {
      return record(call, 'credential.rotate-api-key', async () => {
        const allowed = await mayEquip(call, identity)
        if (!allowed.ok) return allowed
        return database.transaction().execute(async (work) => {
          // What is over, or whose identity is, does not begin again.
          if (!(await holdIdentity(work, identity))) return refuse('OBJECT-ABSENT', 'Identity not found')
          const old = await work
            .updateTable('token')
            .set({ revoked_at: now() })
            .where('identity_id', '=', identity)
            .where('id', '=', id)
            .where('name', 'is not', null)
            .where('revoked_at', 'is', null)
            .where('expires_at', '>', now())
            .returning(['name', 'created_at', 'expires_at'])
            .executeTakeFirst()
          if (!old?.name) return refuse('OBJECT-ABSENT', 'API key not found')
          const ttl = Math.ceil((old.expires_at.getTime() - old.created_at.getTime()) / 1000)
          return accept(await insertApiKey(work, identity, old.name, ttl))
        })
      })
    },

    /** Known to every request within a second. A secret takes the tokens with it that it opened. Again, it changes nothing. */
    revoke(
      call: Call,
      { identity, id }: { readonly identity: string; readonly id: string },
    ): Promise<Outcome<null>> {
      return record(call, 'credential.revoke', async () => {
        const allowed = await reachable(call, identity)
        if (!allowed.ok) return allowed
        const revoked_at = now()
        await database.transaction().execute(async (work) => {
          await work
            .updateTable('client_secret')
            .set({ revoked_at })
            .where('identity_id', '=', identity)
            .where('id', '=', id)
            .where('revoked_at', 'is', null)
            .execute()
          await work
            .updateTable('token')
            .set({ revoked_at })
            .where('identity_id', '=', identity)
            .where(({ eb, or }) => or([eb('id', '=', id), eb('client_secret_id', '=', id)]))
            .where('revoked_at', 'is', null)
            .execute()
        })
        return accept(null)
      })
    },
  }

  async function insertApiKey(work: Database, identity: string, name: string, ttlSeconds: number) {
    const id = randomUUID()
    const token = randomBytes(32).toString('base64url')
    const expiresAt = new Date(now().getTime() + ttlSeconds * 1000)
    await work
      .insertInto('token')
      .values({
        id,
        hash: hashSecret(token),
        identity_id: identity,
        name,
        expires_at: expiresAt,
        revoked_at: null,
      })
      .execute()
    return { id, token, expiresAt, aws: await awsKeys.of(id) }
  }
}
