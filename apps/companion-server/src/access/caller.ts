import type { FastifyRequest } from 'fastify'
import type { Call } from '../audit/record.ts'
import { unauthorized } from '../platform/http/http-error.ts'
import type { Authentication } from './tokens.ts'

/** The call of whoever asks, by the Bearer header alone: cookies mean nothing here. Throws 401. */
export async function requireCall(request: FastifyRequest, authentication: Authentication): Promise<Call> {
  if (request.call !== null) return request.call
  const { authorization } = request.headers
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(authorization ?? '')?.[1]
  const caller = token === undefined ? 'unknown' : await authentication.find(token)
  if (caller === 'unknown') throw unauthorized()
  const call: Call = { caller, door: 'http', reqId: request.id, receipt: null }
  request.call = call
  return call
}
