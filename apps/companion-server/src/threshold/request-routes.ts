import { Type } from '@fastify/type-provider-typebox'
import { holderAnswerCodec, requestPackageCodec } from '@lux/ceremony/wire'
import { fromBase64 } from '@lux/crypto'
import type { FastifyRequest } from 'fastify'
import { requireCaller } from '../access/caller.ts'
import type { App } from '../platform/http/app-type.ts'
import { misfit, notFound } from '../platform/http/http-error.ts'
import type { Services } from '../services.ts'
import { byKey, hex32, hex64, refusedBy, requireRole, visibleFheKey } from './access.ts'
import { answersOf, takeAnswer } from './answers.ts'
import { packageOf } from './combiner.ts'
import { readResult, releaseResult } from './release.ts'
import { findRequest, openRequest, type StoredRequest, stateNow } from './requests.ts'

const byRequest = Type.Object({ keyId: hex64, requestId: hex32 }, { additionalProperties: false })
/** The documents have schemas of their own, which say more exactly what does not fit. */
const document = Type.Object({}, { additionalProperties: true })
const answerBody = Type.Object(
  { answer: document, sealed: Type.Optional(Type.String({ maxLength: 12 << 20 })) },
  { additionalProperties: false },
)
const bodyLimit = 16 << 20
const summary = [
  'fhe_key_id',
  'request_id',
  'digest',
  'epoch',
  'state',
  'identity_id',
  'expires_at',
  'released_at',
  'verified',
  'claim',
  'cheaters',
  'trouble',
  'created_at',
] as const
type RequestSummary = Pick<StoredRequest, (typeof summary)[number]>

/** Requests to decrypt: opened by a user, carried and answered by operators, read once by the identity that asked. */
export function fheRequestRoutes(app: App, services: Services): void {
  const { database, desk, now } = services
  const base = '/api/v1/fhe/keys/:keyId/decrypt-requests'
  // A long body is read for somebody who is known, and for nobody else.
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    await requireCaller(request, services)
  }

  app.post(
    base,
    { schema: { params: byKey, body: document }, onRequest, bodyLimit },
    async (request, reply) => {
      const { key, caller } = await visibleFheKey(request, services, request.params.keyId)
      requireRole(caller, 'user')
      const given = requestPackageCodec.check(request.body)
      if (!given.ok) throw refusedBy(given)
      const opened = await openRequest(desk, key, given.value, caller.identity)
      if (!opened.ok) throw refusedBy(opened)
      reply.code(202)
      return { request: await toView(opened.value) }
    },
  )

  app.get(base, { schema: { params: byKey } }, async (request) => {
    const { key } = await visibleFheKey(request, services, request.params.keyId)
    const rows = await database
      .selectFrom('decrypt_request')
      // Without the packages, which are long.
      .select(summary)
      .where('fhe_key_id', '=', key.id)
      .orderBy('created_at', 'desc')
      .limit(100)
      .execute()
    return { requests: await Promise.all(rows.map(toView)) }
  })

  app.get(`${base}/:requestId`, { schema: { params: byRequest } }, async (request) => {
    const { key } = await visibleFheKey(request, services, request.params.keyId)
    const row = await findRequest(database, key.id, request.params.requestId)
    if (row === undefined) throw notFound('Request')
    return { request: await toView(row), package: packageOf(row) }
  })

  app.post(
    `${base}/:requestId/answers`,
    { schema: { params: byRequest, body: answerBody }, onRequest, bodyLimit },
    async (request) => {
      const { keyId, requestId } = request.params
      const { key, caller } = await visibleFheKey(request, services, keyId)
      requireRole(caller, 'user', 'operator')
      const answer = holderAnswerCodec.file.check(request.body.answer)
      if (!answer.ok) throw refusedBy(answer)
      const sealed = request.body.sealed === undefined ? null : decode(request.body.sealed)
      const taken = await takeAnswer(desk, key.id, requestId, { document: answer.value, sealed })
      if (!taken.ok) throw refusedBy(taken)
      return { request: await toView(taken.value) }
    },
  )

  app.post(`${base}/:requestId/release`, { schema: { params: byRequest } }, async (request) => {
    const { keyId, requestId } = request.params
    const { key, caller } = await visibleFheKey(request, services, keyId)
    requireRole(caller, 'user')
    const released = await releaseResult(desk, { keyId: key.id, requestId, identity: caller.identity })
    if (!released.ok) throw refusedBy(released)
    return { request: await toView(released.value) }
  })

  // A HEAD would read it, and show nothing.
  app.get(
    `${base}/:requestId/result`,
    { schema: { params: byRequest }, exposeHeadRoute: false },
    async (request) => {
      const { keyId, requestId } = request.params
      const { key, caller } = await visibleFheKey(request, services, keyId)
      requireRole(caller, 'user')
      const read = await readResult(desk, { keyId: key.id, requestId, identity: caller.identity })
      if (!read.ok) throw refusedBy(read)
      return read.value
    },
  )

  async function toView(row: RequestSummary) {
    const answers = await answersOf(database, row)
    return {
      requestId: row.request_id,
      digest: row.digest,
      epoch: row.epoch,
      state: stateNow(row, now()),
      openedBy: row.identity_id,
      expiry: row.expires_at.toISOString(),
      answers: answers.map(({ holder_index: holder, decision }) => ({ holder, decision })),
      verified: row.verified,
      claim: row.claim,
      cheaters: row.cheaters,
      trouble: row.trouble,
      createdAt: row.created_at.toISOString(),
    }
  }
}

function decode(text: string): Uint8Array {
  try {
    return fromBase64(text)
  } catch {
    throw misfit('sealed is not standard padded base64', [
      { path: '/sealed', message: 'expected standard padded base64' },
    ])
  }
}
