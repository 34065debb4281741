import { LRUCache } from 'lru-cache'
import type { Database } from '../platform/database/open.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { grantsOf } from './appointing.ts'
import type { Caller } from './authorize.ts'

/** Who asks: an identity, and the one project that its certificate stands for. */
export type KmipClient = {
  readonly caller: Caller
  readonly organisation: string
  readonly project: string
}

export type KmipClients = {
  /** Whose certificate has this public key: SHA-256 of its SPKI, and no name. A revoked one is known within a second. */
  find(spki: Uint8Array): Promise<Outcome<KmipClient>>
}

export function openKmipClients(database: Database, now: () => Date): KmipClients {
  const known = new LRUCache<string, { client: KmipClient; until: Date }>({ max: 10_000, ttl: 1000 })

  return {
    async find(spki) {
      const name = Buffer.from(spki).toString('base64')
      const cached = known.get(name)
      if (cached && cached.until > now()) return accept(asking(cached.client))
      const row = await database
        .selectFrom('kmip_client')
        .innerJoin('identity', 'identity.id', 'kmip_client.identity_id')
        .innerJoin('project', 'project.id', 'kmip_client.project_id')
        .select([
          'identity.id as identity',
          'identity.revoked_at as identityRevoked',
          'kmip_client.revoked_at as revoked',
          'kmip_client.expires_at as expires',
          'project.id as project',
          'project.organisation_id as organisation',
        ])
        .where('kmip_client.spki', '=', Buffer.from(spki))
        .executeTakeFirst()
      if (!row) return refuse('KMIP-CERTIFICATE', 'the certificate is registered for nobody')
      if (row.revoked !== null || row.identityRevoked !== null)
        return refuse('KMIP-CERTIFICATE', 'the certificate is revoked')
      if (row.expires <= now()) return refuse('KMIP-CERTIFICATE', 'the certificate has expired')
      const grants = await grantsOf(database, row.identity)
      const { organisation, project } = row
      const client = { caller: { identity: row.identity, grants }, organisation, project }
      known.set(name, { client, until: row.expires })
      return accept(asking(client))
    },
  }

  /** Where it comes from is not known here, so that no condition on networks holds. */
  function asking(client: KmipClient): KmipClient {
    return { ...client, caller: { ...client.caller, circumstances: { time: now(), source: null } } }
  }
}

export type RegisteredClient = {
  /** SHA-256 of the certificate's SPKI, hex. */
  readonly fingerprint: string
  readonly name: string
  readonly identity: string
  readonly project: string
  readonly expires: Date
}

/** Refuses PROJECT-ABSENT, IDENTITY-ABSENT, KMIP-CLIENT-TAKEN. */
export async function registerKmipClient(
  database: Database,
  { fingerprint, name, identity, project, expires }: RegisteredClient,
): Promise<Outcome<RegisteredClient>> {
  const [owner, place] = await Promise.all([
    database.selectFrom('identity').select('id').where('id', '=', identity).executeTakeFirst(),
    database.selectFrom('project').select('id').where('id', '=', project).executeTakeFirst(),
  ])
  if (!place) return refuse('PROJECT-ABSENT', `there is no project ${project}`)
  if (!owner) return refuse('IDENTITY-ABSENT', `there is no identity ${identity}`)
  const made = await database
    .insertInto('kmip_client')
    .values({
      spki: Buffer.from(fingerprint, 'hex'),
      name,
      identity_id: identity,
      project_id: project,
      expires_at: expires,
    })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  return Number(made.numInsertedOrUpdatedRows) === 0
    ? refuse('KMIP-CLIENT-TAKEN', 'a certificate with this key is registered already')
    : accept({ fingerprint, name, identity, project, expires })
}

/** For ever: a client that comes back gets a new key. Given again, it changes nothing. */
export async function revokeKmipClient(database: Database, fingerprint: string): Promise<Outcome<null>> {
  const spki = Buffer.from(/^[0-9a-f]{64}$/.test(fingerprint) ? fingerprint : '', 'hex')
  const changed = await database
    .updateTable('kmip_client')
    .set(({ fn, ref, val }) => ({ revoked_at: fn.coalesce(ref('revoked_at'), val(new Date())) }))
    .where('spki', '=', spki)
    .executeTakeFirst()
  return Number(changed.numUpdatedRows) === 0
    ? refuse('KMIP-CLIENT-ABSENT', `no certificate ${fingerprint} is registered`)
    : accept(null)
}

export async function listKmipClients(database: Database) {
  const rows = await database.selectFrom('kmip_client').selectAll().orderBy('created_at').execute()
  return rows.map(({ spki, ...row }) => ({
    fingerprint: spki.toString('hex'),
    name: row.name,
    identity: row.identity_id,
    project: row.project_id,
    expires: row.expires_at.toISOString(),
    revoked: row.revoked_at?.toISOString() ?? null,
  }))
}
