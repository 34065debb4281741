import { Type } from '@fastify/type-provider-typebox'
import type { Clock } from './platform/clock.ts'
import type { ServerToken } from './platform/hsm/server-token.ts'
import type { App } from './platform/http/app-type.ts'
import { type Draining, drainConnections } from './platform/http/draining.ts'
import { errorBody, unavailable } from './platform/http/http-error.ts'
import { gives, open, refusedBody, text } from './platform/http/reply.ts'
import type { SharedCounts } from './platform/shared-counts.ts'

const ready = gives(
  'Whether it can serve keys',
  Type.Object({
    status: Type.String({ description: 'ready or degraded' }),
    tokens: Type.Optional(
      Type.Array(Type.Object({ place: text, inUse: Type.Boolean(), code: Type.Optional(text) })),
    ),
    redis: Type.Optional(Type.Object({ inUse: Type.Boolean() })),
    clock: Type.Optional(Type.Object({ code: text })),
  }),
)

/** `/health`: the process answers, and where its root is. `/readiness`: it can serve keys, or the code of what is missing. */
export function healthRoutes(
  app: App,
  {
    clock,
    token,
    draining,
    sharedCounts,
  }: {
    readonly clock: Clock
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
      if (token.sealed) return reply.code(503).send(errorBody(request.id, unavailable(token.sealed.code)))
      // It asks the database.
      const at = await clock.trusted().catch(() => null)
      if (at === null) return reply.code(503).send(errorBody(request.id, unavailable('DATABASE-UNAVAILABLE')))
      // Two tokens are named only where there are two; of the one, `sealed` has said what there is to say.
      const tokens =
        token.tokens.length < 2
          ? []
          : token.tokens.map(({ place, seal }) => ({
              ...{ place, inUse: seal === null },
              ...(seal === null ? {} : { code: seal.code }),
            }))
      const redis = sharedCounts === null ? null : { inUse: sharedCounts.inUse }
      const whole = tokens.every(({ inUse }) => inUse) && redis?.inUse !== false && at.ok
      return {
        status: whole ? 'ready' : 'degraded',
        ...(tokens.length === 0 ? {} : { tokens }),
        ...(redis === null ? {} : { redis }),
        ...(at.ok ? {} : { clock: { code: at.rule } }),
      }
    },
  )
}
