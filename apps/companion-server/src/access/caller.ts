import type { FastifyRequest } from 'fastify'
import type { Call } from '../audit/record.ts'
import { admit } from '../operations/pipeline.ts'
import { granted, unauthorized } from '../platform/http/http-error.ts'
import { sessionTokenOf } from './session-cookie.ts'
import type { Authentication } from './tokens.ts'

/** The access token of the Bearer header, whose scheme is in letters of any case (RFC 9110); nothing else is looked at. */
export function bearerOf({ headers }: FastifyRequest): string | null {
  return /^Bearer +([A-Za-z0-9_-]{43})$/i.exec(headers.authorization ?? '')?.[1] ?? null
}

/** The call of whoever asks, by the Bearer header, or by the session of the console's own calls. Throws 401. */
export async function requireCall(request: FastifyRequest, authentication: Authentication): Promise<Call> {
  if (request.call !== null) return request.call
  const token = bearerOf(request) ?? sessionTokenOf(request)
  const caller = token === null ? 'unknown' : await authentication.find(token)
  if (caller === 'unknown') throw unauthorized()
  const circumstances = { time: new Date(), source: request.ip }
  const asked = { door: 'http', reqId: request.id } as const
  const { call, room } = admit({ ...caller, circumstances }, asked, authentication)
  granted(room)
  request.call = call
  return call
}
