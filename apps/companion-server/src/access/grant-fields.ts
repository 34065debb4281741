import { type Static, Type } from '@fastify/type-provider-typebox'
import { count, orNull, text, time } from '../platform/http/reply.ts'
import { type Grant, roles } from './authorize.ts'
import { approvedActions } from './conditions.ts'
import { maxGrants } from './tokens.ts'

const closed = { additionalProperties: false } as const

export const name = Type.String({ minLength: 1, maxLength: 64 })
export const id = Type.String({ minLength: 1, maxLength: 64 })
export const role = Type.Enum([...roles])
const hour = Type.Integer({ minimum: 0, maximum: 24 })
const utc = Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d{1,3})?Z$' })
const texts = Type.Array(name, { minItems: 1, maxItems: 32 })
export const conditions = Type.Object(
  {
    notBefore: Type.Optional(utc),
    notAfter: Type.Optional(utc),
    hours: Type.Optional(Type.Object({ from: hour, until: hour }, closed)),
    days: Type.Optional(Type.Array(Type.Integer({ minimum: 0, maximum: 6 }), { minItems: 1, maxItems: 7 })),
    networks: Type.Optional(texts),
    keyNames: Type.Optional(texts),
    keyAlgorithms: Type.Optional(texts),
    approvals: Type.Optional(
      Type.Object(
        {
          count: Type.Integer({ minimum: 1, maximum: 32 }),
          by: Type.Array(id, { minItems: 1, maxItems: 32 }),
          actions: Type.Optional(Type.Array(Type.Enum([...approvedActions]), { minItems: 1, maxItems: 3 })),
        },
        closed,
      ),
    ),
  },
  { ...closed, minProperties: 1 },
)
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
