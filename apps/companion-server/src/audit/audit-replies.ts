import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Caller } from '../access/tokens.ts'
import { errorBody, unavailable } from '../platform/http/http-error.ts'
import type { Services } from '../services.ts'
import { receiptHeader } from './writer.ts'

/** What a route says of its work for the audit log. */
export type Trail = {
  caller: Caller | null
  operation: string
  organisation: string | null
  project: string | null
  key: string | null
  version: number | null
  /** SHA-256 of the request body, hex. */
  request: string | null
}

declare module 'fastify' {
  interface FastifyRequest {
    trail: Trail
  }
}

const unaudited = new Set(['/health', '/readiness'])

/**
 * Holds every reply until its audit entry is durable and puts the receipt in a header. Failures of unknown callers
 * are counted per source and written once a second, so that strangers cannot make the log grow.
 */
export function auditReplies(app: FastifyInstance, services: Services): void {
  app.decorateRequest('trail')
  app.addHook('onRequest', async (request, reply) => {
    request.trail = {
      caller: null,
      operation: `${request.method} ${request.routeOptions.url ?? '*'}`,
      organisation: null,
      project: null,
      key: null,
      version: null,
      request: null,
    }
    reply.header('X-Request-Id', request.id)
  })

  const strangers = new Map<string, number>()
  const counter = setInterval(() => {
    if (strangers.size === 0) return
    const counts = Object.fromEntries(strangers)
    strangers.clear()
    const entry = entryOf('unauthenticated.failures', { time: services.now().toISOString() })
    services.audit.append({ ...entry, outcome: JSON.stringify(counts) }).catch((error: unknown) => {
      app.log.error(
        { code: 'AUDIT-UNAVAILABLE', error: String(error) },
        'failures of strangers were not recorded',
      )
    })
  }, 1000)
  counter.unref()
  app.addHook('onClose', async () => clearInterval(counter))

  app.addHook('onSend', async (request, reply, payload) => {
    if (unaudited.has(request.routeOptions.url ?? '')) return payload
    const { trail } = request
    if (trail.caller === null && reply.statusCode >= 400) {
      if (strangers.size < 1000) strangers.set(request.ip, (strangers.get(request.ip) ?? 0) + 1)
      return payload
    }
    try {
      const receipt = await services.audit.append(replyEntry(services, request, reply, payload))
      reply.header('Audit-Receipt', receiptHeader(receipt))
      return payload
    } catch (error) {
      request.log.error({ code: 'AUDIT-UNAVAILABLE', error: String(error) }, 'the reply is withheld')
      const refused = unavailable('AUDIT-UNAVAILABLE')
      reply.code(503).header('content-type', 'application/json; charset=utf-8').removeHeader('content-length')
      return JSON.stringify(errorBody(request.id, refused))
    }
  })
}

function replyEntry(services: Services, request: FastifyRequest, reply: FastifyReply, payload: unknown) {
  const { trail } = request
  return {
    ...entryOf(trail.operation, { time: services.now().toISOString() }),
    reqId: request.id,
    identity: trail.caller?.identity ?? null,
    organisation: trail.organisation,
    project: trail.project,
    key: trail.key,
    version: trail.version,
    outcome: String(reply.statusCode),
    request: trail.request,
    reply: typeof payload === 'string' ? sha256Text(payload) : null,
  }
}

function entryOf(operation: string, { time }: { time: string }) {
  return {
    time,
    reqId: '',
    identity: null,
    organisation: null,
    project: null,
    key: null,
    version: null,
    operation,
    outcome: '',
    request: null,
    reply: null,
  }
}

export function sha256Text(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex')
}
