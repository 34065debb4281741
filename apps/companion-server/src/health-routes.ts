import { Type } from '@fastify/type-provider-typebox'
import type { ServerToken } from './platform/hsm/server-token.ts'
import type { App } from './platform/http/app-type.ts'
import { type Draining, drainConnections } from './platform/http/draining.ts'
import { errorBody, HttpError, unavailable } from './platform/http/http-error.ts'
import { gives, open, refusedBody, text } from './platform/http/reply.ts'
import type { SharedCounts } from './platform/shared-counts.ts'
import { partNames, type Readiness } from './readiness.ts'

const ready = gives(
  'Whether it can serve keys',
  Type.Object({
    status: Type.String({ description: 'ready or degraded' }),
    tokens: Type.Optional(
      Type.Array(Type.Object({ place: text, inUse: Type.Boolean(), code: Type.Optional(text) })),
    ),
    redis: Type.Optional(Type.Object({ inUse: Type.Boolean() })),
    parts: Type.Optional(Type.Array(Type.Object({ part: Type.Enum([...partNames]), code: text }))),
  }),
)

/** `/health`: the process answers, and where its root is. `/readiness`: it can serve keys, or the code of what is missing. */
export function healthRoutes(
  app: App,
  {
    readiness,
    token,
    draining,
    sharedCounts,
  }: {
    readonly readiness: Readiness
    readonly token: ServerToken
    readonly draining: Draining
    readonly sharedCounts: SharedCounts | null
  },
): void {
  drainConnections(app, draining)
  app.get(
    '/health',
    {
      schema: {
        ...open,
        ...gives(
          'Whether the process answers',
          Type.Object({ status: text, root: Type.Enum(['token', 'soft-token', 'environment', 'provider']) }),
        ),
      },
    },
    async () => ({ status: 'ok', root: token.root }),
  )
  app.get(
    '/readiness',
    {
      schema: {
        ...open,
        ...ready,
        response: { ...ready.response, 503: refusedBody },
      },
    },
    async (request, reply) => {
      if (draining.begun) return reply.code(503).send(errorBody(request.id, unavailable('SERVER-STOPPING')))
      const parts = await readiness.look()
      const missing = parts.find((red) => readiness.stops(red))
      if (missing !== undefined) {
        const { code } = missing
        return reply
          .code(503)
          .send(errorBody(request.id, new HttpError(503, code, undefined, { error: code, parts })))
      }
      // Two tokens are named only where there are two; of the one, its part has said what there is to say.
      const tokens =
        token.tokens.length < 2
          ? []
          : token.tokens.map(({ place, seal }) => ({
              ...{ place, inUse: seal === null },
              ...(seal === null ? {} : { code: seal.code }),
            }))
      const redis = sharedCounts === null ? null : { inUse: sharedCounts.inUse }
      const whole = tokens.every(({ inUse }) => inUse) && redis?.inUse !== false && parts.length === 0
      return {
        status: whole ? 'ready' : 'degraded',
        ...(tokens.length === 0 ? {} : { tokens }),
        ...(redis === null ? {} : { redis }),
        ...(parts.length === 0 ? {} : { parts }),
      }
    },
  )
}
