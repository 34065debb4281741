import { Type } from '@fastify/type-provider-typebox'
import { requireCall } from './access/caller.ts'
import type { Authentication } from './access/tokens.ts'
import type { KeyOperations } from './keys/operations.ts'
import { answer } from './kmip/answer.ts'
import { defaultLimits } from './kmip/codec/ttlv.ts'
import type { App } from './platform/http/app-type.ts'
import { granted } from './platform/http/http-error.ts'
import { givesContent } from './platform/http/reply.ts'

const query = Type.Object(
  { projectId: Type.String({ minLength: 1, maxLength: 64 }) },
  { additionalProperties: false },
)

/** KMIP's binary messages over HTTP, for the identity of the Bearer token and the project that the address names. */
export function kmipRoutes(
  app: App,
  {
    keys,
    authentication,
    now,
  }: { readonly keys: KeyOperations; readonly authentication: Authentication; now(): Date },
): void {
  app.register(async (own) => {
    // That of bundles is a stream.
    own.removeContentTypeParser('application/octet-stream')
    own.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (_request, body, done) =>
      done(null, body),
    )
    own.post<{ Body: Buffer; Querystring: { projectId: string } }>(
      '/api/v1/kmip',
      {
        bodyLimit: defaultLimits.bytes,
        schema: { ...givesContent('Answer a KMIP message', 'application/octet-stream'), querystring: query },
      },
      async (request, reply) => {
        const asked = await requireCall(request, authentication)
        const place = granted(await keys.place(asked, request.query.projectId))
        const bytes = await answer(
          Buffer.isBuffer(request.body) ? request.body : new Uint8Array(0),
          { caller: asked.caller, ...place },
          {
            keys,
            now,
            newReqId: () => request.id,
            fault: (error) => request.log.error({ error: String(error) }, 'a KMIP operation failed'),
            // The receipt of the last operation is that of the reply.
            heard: (call) => {
              request.call = call
            },
          },
        )
        return reply.type('application/octet-stream').send(Buffer.from(bytes))
      },
    )
  })
}
