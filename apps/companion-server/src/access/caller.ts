import type { FastifyRequest } from 'fastify'
import { unauthorized } from '../platform/http/http-error.ts'
import type { Services } from '../services.ts'
import type { Caller } from './tokens.ts'

/** Who asks, by the Bearer header alone: cookies mean nothing here. Throws 401. */
export async function requireCaller(request: FastifyRequest, services: Services): Promise<Caller> {
  const { authorization } = request.headers
  const token = /^Bearer ([A-Za-z0-9_-]{43})$/.exec(authorization ?? '')?.[1]
  const caller = token === undefined ? 'unknown' : await services.authentication.find(token)
  if (caller === 'unknown') throw unauthorized()
  request.trail.caller = caller
  return caller
}
