import type { FastifyInstance, FastifyRequest } from 'fastify'
import { errorBody, unavailable } from '../platform/http/http-error.ts'
import { inTime } from '../platform/in-time.ts'
import { byOf, type Call } from './record.ts'
import type { Strangers } from './strangers.ts'
import { type AuditWriter, ownEntry, receiptHeader } from './writer.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Set once it is known who asks. */
    call: Call | null
  }
}

const unaudited = new Set(['/health', '/readiness', '/api/openapi.json'])

/**
 * Puts the receipt of the operation's audit entry in a header. What was refused before an operation began is entered here, and
 * its reply held until then. A failure of an unknown caller is counted.
 */
export function auditReplies(
  app: FastifyInstance,
  { audit, strangers, now }: { readonly audit: AuditWriter; readonly strangers: Strangers; now(): Date },
): void {
  app.decorateRequest('call', null)
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('X-Request-Id', request.id)
    done()
  })

  app.addHook('onSend', async (request, reply, payload) => {
    request.answered = true
    if (unaudited.has(request.routeOptions.url ?? '')) return payload
    const { call } = request
    if (call === null) {
      if (reply.statusCode >= 400) strangers.failed({ source: request.ip, reqId: request.id })
      return payload
    }
    // The reply says AUDIT-UNAVAILABLE already.
    if (call.receipt === 'unavailable') return payload
    // What goes on enters itself once it has ended, under the same request id.
    if (call.receipt === null && request.late !== null) return payload
    try {
      const entered = () => audit.append(refusedEntry(request, call, reply.statusCode))
      const receipt = call.receipt ?? (await inTime({ deadline: request.deadline }, entered()))
      reply.header('Audit-Receipt', receiptHeader(receipt))
      return payload
    } catch (error) {
      request.log.error({ code: 'AUDIT-UNAVAILABLE', error: String(error) }, 'the reply is withheld')
      const refused = unavailable('AUDIT-UNAVAILABLE')
      reply.code(503).header('content-type', 'application/json; charset=utf-8').removeHeader('content-length')
      return JSON.stringify(errorBody(request.id, refused))
    }
  })

  function refusedEntry(request: FastifyRequest, call: Call, status: number) {
    return {
      ...ownEntry(`${request.method} ${request.routeOptions.url ?? '*'}`, now(), String(status)),
      reqId: request.id,
      door: call.door,
      source: call.caller.circumstances?.source ?? null,
      identity: call.caller.identity,
      ...byOf(call.caller),
    }
  }
}
