import { lp, sha256, utf8 } from '@lux/crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Granted, stillGranted } from '../access/authorize.ts'
import { requireCall } from '../access/caller.ts'
import type { Authentication } from '../access/tokens.ts'
import { granted } from '../platform/http/http-error.ts'
import { keepsReply, namedBy } from '../platform/http/named-call.ts'
import { inTime } from '../platform/in-time.ts'
import type { IdempotentCalls, KeptReply, NamedCall } from './calls.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set where the reply is to be kept. */
    named: NamedCall | null
  }
}

/**
 * Does a call that its caller named once, and gives its reply again. Streams, which are bundles and messages of KMIP, are the
 * same by their own content.
 */
export function idempotentCalls(
  app: FastifyInstance,
  { calls, authentication }: { readonly calls: IdempotentCalls; readonly authentication: Authentication },
): void {
  app.decorateRequest('named', null)

  app.addHook('preHandler', async (request, reply) => {
    const key = request.headers[namedBy]
    if (typeof key !== 'string' || !keepsReply(request.routeOptions)) return
    const { body = null } = request
    if (body !== null && Object.getPrototypeOf(body) !== Object.prototype) return
    const asked = [request.method, request.url, JSON.stringify(body)].map((part) => lp(utf8(part)))
    const begin = async () => {
      const { caller } = await requireCall(request, authentication)
      const named = { identity: caller.identity, key, call: sha256(...asked) }
      const begun = granted(await calls.begin(named))
      if (begun !== 'new') {
        // Whoever would now be refused the call is refused its reply.
        granted(stillGranted(caller, begun.granted))
        return begun
      }
      // Who asked was told meanwhile that nothing comes of it.
      if (request.late === null) request.named = named
      else await calls.giveUp(named)
      return null
    }
    const begun = await inTime(request, begin())
    if (begun === null) return
    return reply
      .code(begun.status)
      .header('Idempotency-Replayed', 'true')
      .type('application/json; charset=utf-8')
      .send(begun.body)
  })

  app.addHook('onSend', async (request, reply, payload) => {
    const { named } = request
    if (named === null) return payload
    request.named = null
    // It was done, and who asked is told so: asked again, the name is still taken.
    const notKept = (error: unknown) =>
      request.log.error({ error: String(error) }, 'the reply of a named call was not kept')
    if (request.late !== null) {
      request.late
        .then(
          (value) => calls.keep(named, { ...laterReply(reply, value), granted: grantedTo(request) }),
          () => calls.giveUp(named),
        )
        .catch(notKept)
      return payload
    }
    try {
      if (reply.statusCode < 300 && typeof payload === 'string')
        await calls.keep(named, { status: reply.statusCode, body: payload, granted: grantedTo(request) })
      else await calls.giveUp(named)
    } catch (error) {
      notKept(error)
    }
    return payload
  })
}

const grantedTo = (request: FastifyRequest): readonly Granted[] => request.call?.caller.granted ?? []

/** The reply that a handler would have given, had it ended in time. */
function laterReply(reply: FastifyReply, value: unknown): Omit<KeptReply, 'granted'> {
  const { response }: { response?: object } = Object(reply.routeOptions.schema)
  const status = Object.keys(response ?? {}).find((one) => one.startsWith('2')) ?? '200'
  return { status: Number(status), body: String(reply.serializeInput({ ...Object(value) }, status)) }
}
