import { Readable } from 'node:stream'
import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { requireCall } from '../access/caller.ts'
import { pageFields, pageOf } from '../access/page-query.ts'
import type { Authentication } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { badRequest, errorBody, granted, HttpError } from '../platform/http/http-error.ts'
import { document, gives, orNull, refusedBody, text, time } from '../platform/http/reply.ts'
import type { BundleOperations, BundleSummary } from './operations.ts'

const digest = Type.String({ pattern: '^[0-9a-f]{64}$' })
const byDigest = Type.Object({ digest }, { additionalProperties: false })
const page = Type.Object(
  {
    ...pageFields,
  },
  { additionalProperties: false },
)

const bundleView = Type.Object({
  ...{ digest: orNull(text), fileDigest: text, state: text, rule: orNull(text), sequence: orNull(text) },
  ...{ ceremonyId: orNull(text), receivedAt: time, finishedAt: orNull(time) },
})
const imported = gives('Import a bundle', Type.Object({ bundleDigest: digest, receipt: document }))
const givesBundle = { ...imported, response: { ...imported.response, 422: refusedBody } }

/** Import, list, provenance and receipt of bundles. */
export function bundleRoutes(
  app: App,
  {
    bundles,
    authentication,
  }: { readonly bundles: BundleOperations; readonly authentication: Authentication },
): void {
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)
  for (const type of ['application/zip', 'application/octet-stream']) {
    // The stream itself: the importer writes it to a file and counts.
    app.addContentTypeParser(type, (_request, payload, done) => done(null, payload))
  }

  app.post(
    '/api/v1/ceremonies/bundles',
    // A long body is read for somebody who is known, and for nobody else.
    {
      config: { takesTime: true },
      schema: givesBundle,
      onRequest: async (request) => void (await callOf(request)),
      bodyLimit: bundles.maxBytes,
    },
    async (request, reply) => {
      const call = await callOf(request)
      if (!(request.body instanceof Readable))
        throw badRequest('BODY-KIND', 'Send the bundle as application/zip')
      const result = granted(await bundles.take(call, request.body))
      if (result.state === 'imported') return { bundleDigest: result.digest, receipt: result.receipt }
      reply.code(422)
      const { rule, detail, refusal } = result
      const extra = { error: 'BundleRefused', rule, refusal }
      return errorBody(request.id, new HttpError(422, rule, `${rule}: ${detail}`, extra))
    },
  )

  app.get(
    '/api/v1/ceremonies/bundles',
    {
      schema: {
        ...gives('List bundles', Type.Object({ bundles: Type.Array(bundleView) })),
        querystring: page,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const rows = await bundles.list(call, pageOf(request.query))
      return { bundles: granted(rows).map(toView) }
    },
  )

  app.get(
    '/api/v1/ceremonies/bundles/:digest',
    {
      schema: {
        ...gives(
          'Read where a bundle comes from',
          Type.Object({
            digest: orNull(digest),
            sequence: orNull(text),
            policyDigest: orNull(digest),
            provenance: Type.Unknown(),
          }),
        ),
        params: byDigest,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const row = granted(await bundles.get(call, request.params.digest))
      return {
        digest: row.digest,
        sequence: row.sequence,
        policyDigest: row.policy_digest,
        provenance: row.provenance,
      }
    },
  )

  app.get(
    '/api/v1/ceremonies/bundles/:digest/receipt',
    { schema: { ...gives('Read the signed receipt of a bundle', document), params: byDigest } },
    async (request) => {
      const call = await callOf(request)
      return JSON.parse(granted(await bundles.receipt(call, request.params.digest)))
    },
  )
}

function toView(row: BundleSummary) {
  return {
    digest: row.digest,
    fileDigest: row.file_digest,
    state: row.state,
    rule: row.rule,
    sequence: row.sequence,
    ceremonyId: row.ceremony_id,
    receivedAt: row.created_at.toISOString(),
    finishedAt: row.finished_at?.toISOString() ?? null,
  }
}
