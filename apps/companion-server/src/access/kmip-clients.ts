import { createHash, X509Certificate } from 'node:crypto'
import { toHex } from '@lux/crypto'
import { LRUCache } from 'lru-cache'
import type { Record } from '../audit/record.ts'
import { changes, entry, type Permission, reads } from '../operations/entry.ts'
import { openPipeline, operationsOf } from '../operations/pipeline.ts'
import { Type } from '../operations/schema.ts'
import type { SealedDatabase } from '../platform/database/authority/authority.ts'
import { accept, type Outcome, refuse } from '../refusal.ts'
import { governedBy, grantsOf } from './appointing.ts'
import type { Approvals } from './approvals.ts'
import { absent, type Caller, cameBy, neverProved } from './authorize.ts'
import { makersOf } from './duties/hands.ts'
import { living, nameShape } from './tokens.ts'

/** Who asks: an identity, and the one project that its certificate stands for. */
export type KmipClient = {
  readonly caller: Caller
  readonly organisation: string
  readonly project: string
}

export type KmipClients = {
  /** Whose certificate has this public key: SHA-256 of its SPKI, and no name. A revoked one is known within a second. `source`: the address that asks. */
  find(spki: Uint8Array, source: string | null): Promise<Outcome<KmipClient>>
  /** Who may do what has changed somewhere. */
  forget(): void
}

export function openKmipClients(database: SealedDatabase, now: () => Date): KmipClients {
  const known = new LRUCache<string, { client: KmipClient; until: Date }>({ max: 10_000, ttl: 1000 })

  return {
    forget: () => known.clear(),
    async find(spki, source) {
      const name = Buffer.from(spki).toString('base64')
      const cached = known.get(name)
      if (cached && cached.until > now()) return accept(asking(cached.client, source))
      const row = await database
        .selectFrom('kmip_client')
        .selectAll()
        .where('spki', '=', Buffer.from(spki))
        .executeTakeFirst()
      if (!row) return refuse('KMIP-CERTIFICATE', 'the certificate is registered for nobody')
      await database.authority.vouch('kmip_client', [row], { spki: Buffer.from(spki) })
      const identity = await living(database, row.identity_id)
      if (row.revoked_at !== null || identity === undefined)
        return refuse('KMIP-CERTIFICATE', 'the certificate is revoked')
      if (row.expires_at <= now()) return refuse('KMIP-CERTIFICATE', 'the certificate has expired')
      const grants = await grantsOf(database, identity.id)
      const place = await database
        .selectFrom('project')
        .selectAll()
        .where('id', '=', row.project_id)
        .executeTakeFirstOrThrow()
      await database.authority.vouch('project', [place], { id: row.project_id })
      const { organisation_id: organisation, id: project } = place
      const caller = {
        ...{ identity: identity.id, grants, by: cameBy('certificate', toHex(spki)) },
        ...(identity.client_id === null ? { session: { provedAt: neverProved } } : {}),
      }
      const client = { caller, organisation, project }
      known.set(name, { client, until: row.expires_at })
      return accept(asking(client, source))
    },
  }

  function asking(client: KmipClient, source: string | null): KmipClient {
    return { ...client, caller: { ...client.caller, circumstances: { time: now(), source } } }
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

export type KmipRegistry = ReturnType<typeof openKmipRegistry>

/** Which certificates may speak KMIP, for who governs their projects. */
export const openKmipRegistry = (parts: {
  readonly database: SealedDatabase
  readonly record: Record
  readonly approvals: Approvals
}) => operationsOf(kmipClientTable(parts), openPipeline(parts))

type Place = { readonly organisation: string; readonly project: string }

const id = Type.String({ minLength: 1, maxLength: 64 })
const governing = (place: Place): Permission => ({
  action: 'project.appoint',
  resource: { kind: 'project', ...place },
  key: null,
})

export function kmipClientTable({ database }: { readonly database: SealedDatabase }) {
  async function placeOf(project: string): Promise<Outcome<Place>> {
    const row = await database
      .selectFrom('project')
      .select(['id as project', 'organisation_id as organisation'])
      .where('id', '=', project)
      .executeTakeFirst()
    return row ? accept(row) : absent('project')
  }

  return {
    /** For who governs the project and the identity. Refuses KMIP-CERTIFICATE, IDENTITY-ABSENT, KMIP-CLIENT-TAKEN. */
    register: entry({
      ...changes,
      name: 'kmip-client.register',
      input: {
        ...{ project: id, identity: id, name: id },
        /** PEM or DER. */
        certificate: Type.Unsafe<string | Uint8Array>(Type.String({ maxLength: 16_384 })),
      },
      async find({ project, identity }) {
        const place = await placeOf(project)
        return place.ok
          ? accept({ place: place.value, governs: await governedBy(database, identity) })
          : place
      },
      permissions: ({ place, governs }) => [
        governing(place),
        { governs, unseen: refuse('IDENTITY-ABSENT', `there is no identity ${governs.identity}`) },
      ],
      secondFactor: true,
      shown: null,
      fits({ input: { name, certificate } }) {
        if (!nameShape.test(name)) return refuse('NAME-MALFORMED', 'a name is 1 to 64 visible characters')
        return readCertificate(certificate)
      },
      touches: ({ identity }, { call }) => (call.caller.identity === identity ? [] : [{ takes: identity }]),
      async run({ call, input, fitting: { fingerprint, expires } }): Promise<Outcome<RegisteredClient>> {
        const { name, identity, project } = input
        const made_by = await makersOf(database, call.caller.identity, identity)
        const its = {
          ...{ spki: Buffer.from(fingerprint, 'hex'), identity_id: identity, project_id: project },
        }
        const isTaken = await database.change(async ({ authority }) => {
          const made = await authority.insertUnlessTaken('kmip_client', {
            ...its,
            name,
            made_by,
            expires_at: expires,
          })
          if (made !== 'taken') return false
          // A new certificate of the same key, for the same: it holds as long as the later one. What was revoked stays so.
          const renewed = await authority.update('kmip_client', { ...its, revoked_at: null }, (old) => ({
            ...{ name, made_by: old.made_by === null ? made_by : JSON.stringify(old.made_by) },
            ...{ expires_at: new Date(Math.max(old.expires_at.getTime(), expires.getTime())) },
          }))
          return renewed.length === 0
        })
        return isTaken
          ? refuse('KMIP-CLIENT-TAKEN', 'its key is revoked, or stands for another identity or project')
          : accept({ fingerprint, name, identity, project, expires })
      },
    }),

    /** For ever: a client that comes back gets a new key. Given again, it changes nothing. */
    revoke: entry({
      ...changes,
      name: 'kmip-client.revoke',
      input: { fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$' }) },
      async find({ fingerprint }) {
        const spki = Buffer.from(/^[0-9a-f]{64}$/.test(fingerprint) ? fingerprint : '', 'hex')
        const unknown = refuse('KMIP-CLIENT-ABSENT', `no certificate ${fingerprint} is registered`)
        const place = await database
          .selectFrom('kmip_client')
          .innerJoin('project', 'project.id', 'kmip_client.project_id')
          .select(['project.id as project', 'project.organisation_id as organisation'])
          .where('spki', '=', spki)
          .executeTakeFirst()
        return place ? accept({ spki, place, unknown }) : unknown
      },
      // Of another's project nothing is said, not even that it has one.
      permissions: ({ place, unknown }) => [{ ...governing(place), unseen: unknown }],
      shown: null,
      fits: () => accept(null),
      async run({ found: { spki } }) {
        await database.change((work) =>
          work.authority.update('kmip_client', { spki, revoked_at: null }, { revoked_at: new Date() }),
        )
        return accept(null)
      },
    }),

    /** Those of a project for who governs it, and all of them for who governs the deployment. */
    list: entry({
      ...reads,
      name: 'kmip-client.list',
      input: { project: Type.Optional(id) },
      find: async ({ project }): Promise<Outcome<Place | null>> =>
        project === undefined ? accept(null) : placeOf(project),
      permissions: (place): readonly Permission[] => [
        place === null
          ? { action: 'organisation.appoint', resource: { kind: 'deployment' }, key: null }
          : governing(place),
      ],
      async run({ found: place }) {
        const rows = await database
          .selectFrom('kmip_client')
          .selectAll()
          .$if(place !== null, (query) => query.where('project_id', '=', place?.project ?? ''))
          .orderBy('created_at')
          .execute()
        return accept(
          rows.map(({ spki, ...row }) => ({
            ...{ fingerprint: spki.toString('hex'), name: row.name, identity: row.identity_id },
            ...{ project: row.project_id, expires: row.expires_at.toISOString() },
            revoked: row.revoked_at?.toISOString() ?? null,
          })),
        )
      },
    }),
  }
}

function readCertificate(
  bytes: Uint8Array | string,
): Outcome<Pick<RegisteredClient, 'fingerprint' | 'expires'>> {
  try {
    const { publicKey, validTo } = new X509Certificate(bytes)
    const spki = publicKey.export({ type: 'spki', format: 'der' })
    return accept({
      fingerprint: createHash('sha256').update(spki).digest('hex'),
      expires: new Date(validTo),
    })
  } catch {
    return refuse('KMIP-CERTIFICATE', 'it is no certificate in PEM or DER')
  }
}
