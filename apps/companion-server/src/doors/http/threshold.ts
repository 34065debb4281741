import { open } from 'node:fs/promises'
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Authentication } from '../../access/tokens.ts'
import type { App } from '../../platform/http/app-type.ts'
import { HttpError, unavailable } from '../../platform/http/http-error.ts'
import { byteRange } from '../../platform/http/query.ts'
import { count, document, orNull, text, time } from '../../platform/http/reply.ts'
import { isErrno } from '../../platform/state-folder/private-file.ts'
import { packageOf } from '../../threshold/combiner.ts'
import type { StoredFheKey } from '../../threshold/keys.ts'
import {
  evidenceOf,
  type NamedFile,
  type RequestNow,
  type ThresholdOperations,
} from '../../threshold/operations.ts'
import { stateNow } from '../../threshold/requests.ts'
import { openRest } from './rest.ts'

type Parts = {
  readonly threshold: ThresholdOperations
  readonly authentication: Authentication
  now(): Date
}

const base = '/api/v1/fhe/keys'
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
const room = { used: count, total: count }
const fheKeyNow = Type.Object({
  ...{ ...fheKey, epochId: text, policyDigest: text, combiner: text },
  holders: Type.Array(Type.Object({ index: count, name: text })),
  budget: Type.Object({ total: count, spent: count, reserved: count }),
  ciphertexts: Type.Object({ ...room, organisation: orNull(Type.Object(room)) }),
})
const keptCiphertext = Type.Object({
  ...{ digest: text, sha256: text, type: text, width: count, blocks: count, size: count },
})
const requestView = Type.Object({
  ...{ requestId: Type.String({ pattern: '^[0-9a-f]{32}$' }), digest: text, epoch: count, state: text },
  ...{ openedBy: text, expiry: time },
  answers: Type.Array(Type.Object({ holder: count, decision: text })),
  ...{ verified: orNull(count), claim: orNull(text), cheaters: orNull(Type.Array(count)) },
  ...{ trouble: orNull(text), createdAt: time },
})
const decrypted = Type.Object({
  results: Type.Array(Type.Object({ type: text, value: text })),
  ...{ verified: count, cheaters: Type.Array(count), claim: text },
})
const paths = {
  ...{ public: 'public', compactPublicKey: 'public-key', serverKey: 'server-key', crs: 'crs' },
} as const
const aFile = {
  content: { 'application/octet-stream': text },
  send: (file: NamedFile, { request, reply }: { request: FastifyRequest; reply: FastifyReply }) =>
    sendFile(request, reply, file),
}

/** Threshold keys that bundles brought, their public parts, and the ciphertexts that may be asked for. */
export function fheRoutes(app: App, { threshold, authentication }: Parts): void {
  const at = openRest(app, authentication)
  at(threshold.list, `GET ${base}`, {
    summary: 'List threshold keys',
    reply: Type.Object({ keys: Type.Array(Type.Object(fheKey)) }),
    show: (keys) => ({ keys: keys.map(toView) }),
  })
  at(threshold.get, `GET ${base}/:keyId`, {
    summary: 'Read a threshold key',
    reply: Type.Object({ key: fheKeyNow }),
    show: ({ key, row, epoch, combiner, budget, ciphertexts }) => ({
      key: {
        ...toView(key),
        ...{ epochId: row.epoch_id, policyDigest: row.policy_digest, combiner, budget, ciphertexts },
        holders: epoch.holders.map(({ name }, holder) => ({ index: holder + 1, name })),
      },
    }),
  })
  for (const part of ['public', 'compactPublicKey', 'serverKey', 'crs'] as const)
    at(threshold.publicPart, `GET ${base}/:keyId/${paths[part]}`, {
      ...{ summary: `Read ${part} of a threshold key`, ...aFile },
      fixed: { part },
    })
  at(threshold.keepCiphertext, `PUT ${base}/:keyId/ciphertexts/:sha256`, {
    summary: 'Upload a ciphertext',
    reply: Type.Object({ ciphertext: keptCiphertext }),
    show: (ciphertext) => ({ ciphertext }),
  })
  at(threshold.ciphertext, `GET ${base}/:keyId/ciphertexts/:sha256`, {
    summary: 'Read a ciphertext',
    ...aFile,
  })
}

/** How much disk ciphertexts may take: for a server-admin. */
export function fheRoomRoutes(app: App, { threshold, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const aRoom = { reply: Type.Object({ ciphertexts: Type.Object(room) }) }
  at(threshold.rooms, 'GET /api/v1/fhe/room', {
    summary: 'Read how much room ciphertexts take',
    reply: Type.Object({
      organisations: Type.Array(Type.Object({ organisationId: text, ...room })),
      keys: Type.Array(Type.Object({ keyId: text, organisationId: orNull(text), ...room })),
    }),
    show: ({ organisations, keys }) => ({
      organisations: organisations.map(({ organisation: organisationId, ...one }) => ({
        organisationId,
        ...one,
      })),
      keys: keys.map(({ key: keyId, organisation: organisationId, ...one }) => ({
        keyId,
        organisationId,
        ...one,
      })),
    }),
  })
  at(threshold.limitKey, 'PUT /api/v1/fhe/room/keys/:keyId', {
    summary: 'Say how much room the ciphertexts of a key may take',
    ...aRoom,
    show: (ciphertexts) => ({ ciphertexts }),
  })
  at(threshold.limitOrganisation, 'PUT /api/v1/fhe/room/organisations/:organisationId', {
    summary: 'Say how much room the ciphertexts of an organisation may take',
    ...aRoom,
    show: (ciphertexts) => ({ ciphertexts }),
  })
}

/** Requests to decrypt: opened by a user, carried and answered by operators, read once by the identity that asked. */
export function fheRequestRoutes(app: App, { threshold, authentication, now }: Parts): void {
  const at = openRest(app, authentication)
  const here = `${base}/:keyId/decrypt-requests` as const
  const aRequest = {
    reply: Type.Object({ request: requestView }),
    show: (found: RequestNow) => ({ request: shown(found) }),
  }
  at(threshold.ask, `POST ${here}`, {
    summary: 'Ask for a decryption',
    ...aRequest,
    status: 202,
    whole: 'package',
  })
  at(threshold.requests, `GET ${here}`, {
    summary: 'List requests to decrypt',
    reply: Type.Object({ requests: Type.Array(requestView) }),
    show: (found) => ({ requests: found.map(shown) }),
  })
  at(threshold.request, `GET ${here}/:requestId`, {
    summary: 'Read a request to decrypt',
    reply: Type.Object({ request: requestView, package: document }),
    show: (found) => ({ request: shown(found), package: packageOf(found.request) }),
  })
  at(threshold.answer, `POST ${here}/:requestId/answers`, {
    summary: 'Bring the answer of a holder',
    ...aRequest,
  })
  at(threshold.release, `POST ${here}/:requestId/release`, { summary: 'Combine the answers', ...aRequest })
  at(threshold.result, `GET ${here}/:requestId/result`, {
    summary: 'Read the result, once',
    reply: decrypted,
    show: (result) => result,
  })

  function shown({ request: row, answers }: RequestNow) {
    return {
      ...{ requestId: row.request_id, digest: row.digest, epoch: row.epoch, state: stateNow(row, now()) },
      ...{ openedBy: row.identity_id, expiry: row.expires_at.toISOString() },
      answers: answers.map(({ holder_index: holder, decision }) => ({ holder, decision })),
      ...{ verified: row.verified, claim: row.claim, cheaters: row.cheaters, trouble: row.trouble },
      createdAt: row.created_at.toISOString(),
    }
  }
}

/** A file by its digest, which is its ETag; one range of it where one is asked for. */
async function sendFile(request: FastifyRequest, reply: FastifyReply, { path, digest }: NamedFile) {
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
    ...{ id: key.id, name, orgId: key.organisation_id, keyUsage: 'fhe-computation', algorithm: key.type },
    ...{ mode: key.mode, t: key.t, n: key.n, epoch: Number(key.epoch), commitments: key.commitments },
    ...{ publicKey: compactPublicKey, serverKey, crs: crs ?? null, bundleDigest: key.bundle_digest },
    createdAt: key.created_at.toISOString(),
  }
}
