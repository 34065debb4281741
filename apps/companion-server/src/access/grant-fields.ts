import { type Static, Type } from '@fastify/type-provider-typebox'
import { count, orNull, text, time } from '../platform/http/reply.ts'
import { type Grant, roles } from './authorize.ts'
import { conditions } from './conditions.ts'
import { maxGrants } from './tokens.ts'

const closed = { additionalProperties: false } as const

export const name = Type.String({ minLength: 1, maxLength: 64 })
export const id = Type.String({ minLength: 1, maxLength: 64 })
export const role = Type.Enum([...roles])
export const enrolment = Type.Object({ identityId: text, username: text, code: text, expiresAt: time })
export const loggedIn = Type.Object({
  accessToken: text,
  expiresIn: count,
  accessTokenMaxTTL: count,
  tokenType: text,
})
/** A role as it was given. */
export const grantView = {
  role,
  organisationId: orNull(text),
  projectId: orNull(text),
}
export const grantFields = Type.Object(
  {
    role,
    organisationId: Type.Optional(id),
    projectId: Type.Optional(id),
    conditions: Type.Optional(conditions),
  },
  closed,
)
export const grantList = Type.Array(grantFields, { minItems: 1, maxItems: maxGrants })

export function grantsFrom(given: Static<typeof grantList>): readonly Grant[] {
  return given.map((grant) => ({
    role: grant.role,
    organisation: grant.organisationId ?? null,
    project: grant.projectId ?? null,
    ...(grant.conditions === undefined ? {} : { conditions: grant.conditions }),
  }))
}
