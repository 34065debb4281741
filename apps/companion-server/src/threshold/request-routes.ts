import { Type } from '@fastify/type-provider-typebox'
import { holderAnswerCodec, requestPackageCodec } from '@lux/ceremony/wire'
import type { FastifyRequest } from 'fastify'
import { requireCall } from '../access/caller.ts'
import type { Authentication } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { decodeField } from '../platform/http/base64-field.ts'
import { granted } from '../platform/http/http-error.ts'
import { count, document, gives, orNull, text, time } from '../platform/http/reply.ts'
import { packageOf } from './combiner.ts'
import { byKey, hex64 } from './key-routes.ts'
import type { RequestNow, ThresholdOperations } from './operations.ts'
import { stateNow } from './requests.ts'

const hex32 = Type.String({ pattern: '^[0-9a-f]{32}$' })
const byRequest = Type.Object({ keyId: hex64, requestId: hex32 }, { additionalProperties: false })
/** `document`: those of requests have schemas of their own, which say more exactly what does not fit. */
const answerBody = Type.Object(
  { answer: document, sealed: Type.Optional(Type.String({ maxLength: 12 << 20 })) },
  { additionalProperties: false },
)
const bodyLimit = 16 << 20

const requestView = Type.Object({
  ...{ requestId: hex32, digest: text, epoch: count, state: text, openedBy: text, expiry: time },
  answers: Type.Array(Type.Object({ holder: count, decision: text })),
  ...{ verified: orNull(count), claim: orNull(text), cheaters: orNull(Type.Array(count)) },
  ...{ trouble: orNull(text), createdAt: time },
})
const decrypted = Type.Object({
  results: Type.Array(Type.Object({ type: text, value: text })),
  ...{ verified: count, cheaters: Type.Array(count), claim: text },
})

/** Requests to decrypt: opened by a user, carried and answered by operators, read once by the identity that asked. */
export function fheRequestRoutes(
  app: App,
  {
    threshold,
    authentication,
    now,
  }: { readonly threshold: ThresholdOperations; readonly authentication: Authentication; now(): Date },
): void {
  const base = '/api/v1/fhe/keys/:keyId/decrypt-requests'
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)
  // A long body is read for somebody who is known, and for nobody else.
  const onRequest = async (request: FastifyRequest): Promise<void> => {
    await callOf(request)
  }

  app.post(
    base,
    {
      schema: {
        ...gives('Ask for a decryption', Type.Object({ request: requestView }), 202),
        params: byKey,
        body: document,
      },
      onRequest,
      bodyLimit,
    },
    async (request, reply) => {
      const call = await callOf(request)
      const given = granted(requestPackageCodec.check(request.body))
      const opened = granted(await threshold.ask(call, request.params.keyId, given))
      reply.code(202)
      return { request: toView(opened) }
    },
  )

  app.get(
    base,
    {
      schema: {
        ...gives('List requests to decrypt', Type.Object({ requests: Type.Array(requestView) })),
        params: byKey,
      },
    },
    async (request) => {
      const call = await callOf(request)
      return { requests: granted(await threshold.requests(call, request.params.keyId)).map(toView) }
    },
  )

  app.get(
    `${base}/:requestId`,
    {
      schema: {
        ...gives('Read a request to decrypt', Type.Object({ request: requestView, package: document })),
        params: byRequest,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const found = granted(await threshold.request(call, request.params))
      return { request: toView(found), package: packageOf(found.request) }
    },
  )

  app.post(
    `${base}/:requestId/answers`,
    {
      schema: {
        ...gives('Bring the answer of a holder', Type.Object({ request: requestView })),
        params: byRequest,
        body: answerBody,
      },
      onRequest,
      bodyLimit,
    },
    async (request) => {
      const call = await callOf(request)
      const answer = granted(holderAnswerCodec.file.check(request.body.answer))
      const { sealed } = request.body
      const given = { document: answer, sealed: sealed === undefined ? null : decodeField('sealed', sealed) }
      return { request: toView(granted(await threshold.answer(call, request.params, given))) }
    },
  )

  app.post(
    `${base}/:requestId/release`,
    { schema: { ...gives('Combine the answers', Type.Object({ request: requestView })), params: byRequest } },
    async (request) => {
      const call = await callOf(request)
      return { request: toView(granted(await threshold.release(call, request.params))) }
    },
  )

  // A HEAD would read it, and show nothing.
  app.get(
    `${base}/:requestId/result`,
    { schema: { ...gives('Read the result, once', decrypted), params: byRequest }, exposeHeadRoute: false },
    async (request) => {
      const call = await callOf(request)
      return granted(await threshold.result(call, request.params))
    },
  )

  function toView({ request: row, answers }: RequestNow) {
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
