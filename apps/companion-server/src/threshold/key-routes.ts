import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requireCaller } from '../access/caller.ts'
import type { App } from '../platform/http/app-type.ts'
import { byteRange } from '../platform/http/byte-range.ts'
import { badRequest, HttpError, notFound, unavailable } from '../platform/http/http-error.ts'
import { numberIn } from '../platform/http/query.ts'
import { isErrno } from '../platform/state-folder/private-file.ts'
import type { Services } from '../services.ts'
import { byKey, hex64, organisationOf, refusedBy, requireRole, visibleFheKey } from './access.ts'
import { budgetOfKey } from './budget.ts'
import { keepCiphertext, maxCiphertext } from './ciphertexts.ts'
import { epochRow, openEpoch, type StoredEpoch, type StoredFheKey, termsOfEpoch } from './keys.ts'

const page = Type.Object(
  {
    offset: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' })),
    limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,3}$' })),
  },
  { additionalProperties: false },
)
const byFile = Type.Object({ keyId: hex64, sha256: hex64 }, { additionalProperties: false })

/** Threshold keys that bundles brought, their public parts, and the ciphertexts that may be asked for. */
export function fheRoutes(app: App, services: Services): void {
  const { database, state, now } = services

  app.get('/api/v1/fhe/keys', { schema: { querystring: page } }, async (request) => {
    const caller = await requireCaller(request, services)
    const organisation = organisationOf(caller)
    const rows = await database
      .selectFrom('fhe_key')
      .selectAll()
      .$if(organisation !== null, (all) => all.where('organisation_id', '=', organisation))
      .orderBy('created_at')
      .orderBy('id')
      .offset(numberIn('offset', request.query.offset, 0, 1e9, 0))
      .limit(numberIn('limit', request.query.limit, 1, 100, 100))
      .execute()
    return { keys: rows.map(toView) }
  })

  app.get('/api/v1/fhe/keys/:keyId', { schema: { params: byKey } }, async (request) => {
    const { key } = await visibleFheKey(request, services, request.params.keyId)
    const row = await epochRow(database, key.id, Number(key.epoch))
    const epoch = await openEpoch(database, state, row)
    const policyOf = async (one: StoredEpoch) => (await termsOfEpoch(state, one)).policy
    const budget = await budgetOfKey(database, key, epoch, { policyOf, now: now() })
    return {
      key: {
        ...toView(key),
        epochId: row.epoch_id,
        policyDigest: row.policy_digest,
        combiner: services.desk.combiner,
        holders: epoch.holders.map(({ name }, at) => ({ index: at + 1, name })),
        budget,
      },
    }
  })

  app.get('/api/v1/fhe/keys/:keyId/public', { schema: { params: byKey } }, async (request, reply) => {
    const { key } = await visibleFheKey(request, services, request.params.keyId)
    return sendFile(request, reply, state.fhe, (await epochRow(database, key.id, Number(key.epoch))).public)
  })

  for (const [path, part] of [
    ['public-key', 'compactPublicKey'],
    ['server-key', 'serverKey'],
    ['crs', 'crs'],
  ] as const) {
    app.get(`/api/v1/fhe/keys/:keyId/${path}`, { schema: { params: byKey } }, async (request, reply) => {
      const { key } = await visibleFheKey(request, services, request.params.keyId)
      const digest = evidenceOf(key)[part]
      if (digest == null) throw notFound('File')
      return sendFile(request, reply, state.fhe, digest)
    })
  }

  app.put(
    '/api/v1/fhe/keys/:keyId/ciphertexts/:sha256',
    { schema: { params: byFile }, bodyLimit: maxCiphertext },
    async (request) => {
      const { keyId, sha256 } = request.params
      const { key, caller } = await visibleFheKey(request, services, keyId)
      requireRole(caller, 'user')
      if (!(request.body instanceof Readable))
        throw badRequest('BODY-KIND', 'Send the ciphertext as application/octet-stream')
      request.trail.request = sha256
      const upload = { keyId: key.id, sha256, identity: caller.identity, chunks: request.body }
      const kept = await keepCiphertext(database, state, upload)
      if (!kept.ok) throw refusedBy(kept)
      return { ciphertext: kept.value }
    },
  )

  app.get(
    '/api/v1/fhe/keys/:keyId/ciphertexts/:sha256',
    { schema: { params: byFile } },
    async (request, reply) => {
      const { keyId, sha256 } = request.params
      const { key } = await visibleFheKey(request, services, keyId)
      const row = await database
        .selectFrom('fhe_ciphertext')
        .select('sha256')
        .where('fhe_key_id', '=', key.id)
        .where('sha256', '=', sha256)
        .executeTakeFirst()
      if (row === undefined) throw notFound('Ciphertext')
      return sendFile(request, reply, state.ciphertexts, row.sha256)
    },
  )
}

/** A file by its digest, which is its ETag; one range of it where one is asked for. */
async function sendFile(request: FastifyRequest, reply: FastifyReply, folder: string, digest: string) {
  const file = await open(join(folder, digest), 'r').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) throw unavailable('FHE-FILE-ABSENT')
    throw error
  })
  const { size } = await file.stat()
  const range = byteRange(request.headers.range, size)
  reply.header('Accept-Ranges', 'bytes').header('ETag', `"${digest}"`).type('application/octet-stream')
  if (range === 'outside') {
    await file.close()
    reply.header('Content-Range', `bytes */${size}`)
    throw new HttpError(416, 'RANGE-OUTSIDE', `The file has ${size} bytes`)
  }
  const [start, end] = range ?? [0, size - 1]
  if (range !== null) reply.code(206).header('Content-Range', `bytes ${start}-${end}/${size}`)
  reply.header('Content-Length', end - start + 1)
  return reply.send(file.createReadStream({ start, end }))
}

type Evidence = {
  id: string
  compactPublicKey: string | null
  serverKey: string | null
  /** The reference string of a key for proven inputs. */
  crs?: string
}

function evidenceOf({ evidence }: StoredFheKey): Evidence {
  // Written by the import alone, of a verified bundle.
  return evidence as Evidence
}

function toView(key: StoredFheKey) {
  const { id: name, compactPublicKey, serverKey, crs } = evidenceOf(key)
  return {
    id: key.id,
    name,
    orgId: key.organisation_id,
    keyUsage: 'fhe-computation',
    algorithm: key.type,
    mode: key.mode,
    t: key.t,
    n: key.n,
    epoch: Number(key.epoch),
    commitments: key.commitments,
    publicKey: compactPublicKey,
    serverKey,
    crs: crs ?? null,
    bundleDigest: key.bundle_digest,
    createdAt: key.created_at.toISOString(),
  }
}
