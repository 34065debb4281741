import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { requireCaller } from '../access/caller.ts'
import type { Caller } from '../access/tokens.ts'
import type { Role } from '../platform/database/tables.ts'
import { forbidden, HttpError, notFound } from '../platform/http/http-error.ts'
import type { Refusal } from '../refusal.ts'
import type { Services } from '../services.ts'
import { findFheKey, type StoredFheKey } from './keys.ts'

export const hex64 = Type.String({ pattern: '^[0-9a-f]{64}$' })
export const hex32 = Type.String({ pattern: '^[0-9a-f]{32}$' })
export const byKey = Type.Object({ keyId: hex64 }, { additionalProperties: false })

/** Whose threshold keys a caller sees: an operator's are all, and null; anybody else's are those of one organisation. */
export function organisationOf({ role, organisation }: Caller): string | null {
  if (role === 'operator') return null
  if (organisation === null) throw notFound('Key')
  return organisation
}

/** A threshold key that the caller sees; what is not visible is 404 like what is absent. */
export async function visibleFheKey(
  request: FastifyRequest,
  services: Services,
  id: string,
): Promise<{ key: StoredFheKey; caller: Caller }> {
  const caller = await requireCaller(request, services)
  const key = await findFheKey(services.database, id, organisationOf(caller))
  if (key === 'absent') throw notFound('Key')
  request.trail.organisation = key.organisation_id
  request.trail.project = caller.project
  request.trail.key = key.id
  return { key, caller }
}

export function requireRole({ role }: Caller, ...allowed: readonly Role[]): void {
  if (!allowed.includes(role)) throw forbidden(`the role ${role} may not do this with a threshold key`)
}

const status: Readonly<Record<string, number>> = {
  'REQUEST-ABSENT': 404,
  'CIPHERTEXT-TOO-LARGE': 413,
  'REQUEST-TOO-LARGE': 413,
  'ANSWER-TWICE': 409,
  'CIPHERTEXTS-FULL': 409,
  'REQUEST-BUDGET': 409,
  'REQUEST-EXPIRED': 409,
  'REQUEST-REPLAYED': 409,
  'REQUEST-STATE': 409,
}

/** A refusal by name: 400 unless the request is fine and the state of things is not. */
export function refusedBy({ rule, detail }: Refusal): HttpError {
  return new HttpError(status[rule] ?? 400, rule, `${rule}: ${detail}`)
}
