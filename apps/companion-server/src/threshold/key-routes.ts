import { open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { requireCall } from '../access/caller.ts'
import { pageFields, pageOf } from '../access/page-query.ts'
import type { Authentication } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { byteRange } from '../platform/http/byte-range.ts'
import { badRequest, granted, HttpError, unavailable } from '../platform/http/http-error.ts'
import { count, gives, givesContent, orNull, text, time } from '../platform/http/reply.ts'
import { isErrno } from '../platform/state-folder/private-file.ts'
import { maxCiphertext } from './ciphertexts.ts'
import type { StoredFheKey } from './keys.ts'
import { evidenceOf, type ThresholdOperations } from './operations.ts'

export const hex64 = Type.String({ pattern: '^[0-9a-f]{64}$' })
export const byKey = Type.Object({ keyId: hex64 }, { additionalProperties: false })

const page = Type.Object(
  {
    ...pageFields,
  },
  { additionalProperties: false },
)
const byFile = Type.Object({ keyId: hex64, sha256: hex64 }, { additionalProperties: false })

const fheKey = {
  ...{ id: text, name: text, orgId: orNull(text), keyUsage: text, algorithm: text, mode: text },
  ...{
    t: count,
    n: count,
    epoch: count,
    commitments: text,
    publicKey: orNull(text),
    serverKey: orNull(text),
  },
  ...{ crs: orNull(text), bundleDigest: text, createdAt: time },
}
const fheKeyNow = Type.Object({
  ...{ ...fheKey, epochId: text, policyDigest: text, combiner: text },
  holders: Type.Array(Type.Object({ index: count, name: text })),
  budget: Type.Object({ total: count, spent: count, reserved: count }),
  ciphertexts: Type.Object({ used: count, total: count }),
})
const keptCiphertext = Type.Object({
  ...{ digest: text, sha256: text, type: text, width: count, blocks: count, size: count },
})
const givesFile = (summary: string) => givesContent(summary, 'application/octet-stream')

/** Threshold keys that bundles brought, their public parts, and the ciphertexts that may be asked for. */
export function fheRoutes(
  app: App,
  {
    threshold,
    authentication,
  }: { readonly threshold: ThresholdOperations; readonly authentication: Authentication },
): void {
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)

  app.get(
    '/api/v1/fhe/keys',
    {
      schema: {
        ...gives('List threshold keys', Type.Object({ keys: Type.Array(Type.Object(fheKey)) })),
        querystring: page,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const rows = await threshold.list(call, pageOf(request.query))
      return { keys: granted(rows).map(toView) }
    },
  )

  app.get(
    '/api/v1/fhe/keys/:keyId',
    { schema: { ...gives('Read a threshold key', Type.Object({ key: fheKeyNow })), params: byKey } },
    async (request) => {
      const call = await callOf(request)
      const found = granted(await threshold.get(call, request.params.keyId))
      const { key, row, epoch, combiner, budget, ciphertexts } = found
      return {
        key: {
          ...toView(key),
          epochId: row.epoch_id,
          policyDigest: row.policy_digest,
          combiner,
          holders: epoch.holders.map(({ name }, at) => ({ index: at + 1, name })),
          budget,
          ciphertexts,
        },
      }
    },
  )

  for (const [path, part] of [
    ['public', 'public'],
    ['public-key', 'compactPublicKey'],
    ['server-key', 'serverKey'],
    ['crs', 'crs'],
  ] as const) {
    app.get(
      `/api/v1/fhe/keys/:keyId/${path}`,
      { schema: { ...givesFile(`Read ${part} of a threshold key`), params: byKey } },
      async (request, reply) => {
        const call = await callOf(request)
        return sendFile(request, reply, granted(await threshold.publicPart(call, request.params.keyId, part)))
      },
    )
  }

  app.put(
    '/api/v1/fhe/keys/:keyId/ciphertexts/:sha256',
    {
      schema: {
        ...gives('Upload a ciphertext', Type.Object({ ciphertext: keptCiphertext })),
        params: byFile,
      },
      config: { takesTime: true },
      bodyLimit: maxCiphertext,
    },
    async (request) => {
      const call = await callOf(request)
      const { params, body } = request
      if (!(body instanceof Readable))
        throw badRequest('BODY-KIND', 'Send the ciphertext as application/octet-stream')
      return { ciphertext: granted(await threshold.keepCiphertext(call, { ...params, chunks: body })) }
    },
  )

  app.get(
    '/api/v1/fhe/keys/:keyId/ciphertexts/:sha256',
    { schema: { ...givesFile('Read a ciphertext'), params: byFile } },
    async (request, reply) => {
      const call = await callOf(request)
      const { keyId, sha256 } = request.params
      return sendFile(request, reply, granted(await threshold.ciphertext(call, keyId, sha256)))
    },
  )
}

/** A file by its digest, which is its ETag; one range of it where one is asked for. */
async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { path, digest }: { readonly path: string; readonly digest: string },
) {
  const file = await open(path, 'r').catch((error: unknown) => {
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
