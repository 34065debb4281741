import { Readable } from 'node:stream'
import { Type } from '@fastify/type-provider-typebox'
import { requireCaller } from '../access/caller.ts'
import type { App } from '../platform/http/app-type.ts'
import { badRequest, errorBody, forbidden, HttpError, notFound } from '../platform/http/http-error.ts'
import { numberIn } from '../platform/http/query.ts'
import type { Services } from '../services.ts'

const digest = Type.String({ pattern: '^[0-9a-f]{64}$' })
const byDigest = Type.Object({ digest }, { additionalProperties: false })
const page = Type.Object(
  {
    offset: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' })),
    limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,3}$' })),
  },
  { additionalProperties: false },
)

/** Import, list, provenance and receipt of bundles, for identities of role operator. */
export function bundleRoutes(app: App, services: Services): void {
  const { database, importer } = services

  for (const type of ['application/zip', 'application/octet-stream']) {
    // The stream itself: the importer writes it to a file and counts.
    app.addContentTypeParser(type, (_request, payload, done) => done(null, payload))
  }

  async function requireOperator(request: Parameters<typeof requireCaller>[0]): Promise<void> {
    const caller = await requireCaller(request, services)
    if (caller.role !== 'operator') throw forbidden(`the role ${caller.role} may not handle bundles`)
  }

  app.post(
    '/api/v1/ceremonies/bundles',
    { onRequest: async (request) => requireOperator(request), bodyLimit: importer.maxBytes },
    async (request, reply) => {
      if (!(request.body instanceof Readable))
        throw badRequest('BODY-KIND', 'Send the bundle as application/zip')
      const result = await importer.importStream(request.body)
      if (result.state === 'imported') return { bundleDigest: result.digest, receipt: result.receipt }
      reply.code(422)
      const { rule, detail, refusal } = result
      const extra = { error: 'BundleRefused', rule, refusal }
      return errorBody(request.id, new HttpError(422, rule, `${rule}: ${detail}`, extra))
    },
  )

  app.get('/api/v1/ceremonies/bundles', { schema: { querystring: page } }, async (request) => {
    await requireOperator(request)
    const rows = await database
      .selectFrom('bundle_import')
      .select([
        'digest',
        'file_digest',
        'state',
        'rule',
        'sequence',
        'ceremony_id',
        'created_at',
        'finished_at',
      ])
      .orderBy('id', 'desc')
      .offset(numberIn('offset', request.query.offset, 0, 1e9, 0))
      .limit(numberIn('limit', request.query.limit, 1, 100, 100))
      .execute()
    return {
      bundles: rows.map((row) => ({
        digest: row.digest,
        fileDigest: row.file_digest,
        state: row.state,
        rule: row.rule,
        sequence: row.sequence,
        ceremonyId: row.ceremony_id,
        receivedAt: row.created_at.toISOString(),
        finishedAt: row.finished_at?.toISOString() ?? null,
      })),
    }
  })

  app.get('/api/v1/ceremonies/bundles/:digest', { schema: { params: byDigest } }, async (request) => {
    await requireOperator(request)
    const row = await imported(request.params.digest)
    return {
      digest: row.digest,
      sequence: row.sequence,
      policyDigest: row.policy_digest,
      provenance: row.provenance,
    }
  })

  app.get('/api/v1/ceremonies/bundles/:digest/receipt', { schema: { params: byDigest } }, async (request) => {
    await requireOperator(request)
    const row = await imported(request.params.digest)
    if (row.receipt === null) throw new HttpError(409, 'IMPORT-RUNNING')
    return JSON.parse(row.receipt)
  })

  async function imported(wanted: string) {
    const row = await database
      .selectFrom('bundle_import')
      .selectAll()
      .where('digest', '=', wanted)
      .where('state', '=', 'imported')
      .executeTakeFirst()
    if (!row) throw notFound('Bundle')
    return row
  }
}
