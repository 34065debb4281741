import { type Static, Type } from '../operations/schema.ts'
import type { Grant } from './authorize.ts'
import { type Conditions, conditions } from './conditions.ts'
import { roles } from './role-names.ts'
import { maxGrants } from './tokens.ts'

const closed = { additionalProperties: false } as const

export const name = Type.String({ minLength: 1, maxLength: 64 })
export const id = Type.String({ minLength: 1, maxLength: 64 })
/** Null, as nothing: of the whole deployment, or of no project. Over the wire there is no null. */
export const place = Type.Optional(Type.Unsafe<string | null>(id))
export const roleFields = { role: Type.Enum([...roles]), organisation: place, project: place }
export const grantFields = {
  ...roleFields,
  conditions: Type.Optional(Type.Unsafe<Conditions | null>(conditions)),
}
export const grant = Type.Object(grantFields, closed)
export const grants = Type.Unsafe<readonly Static<typeof grant>[]>(
  Type.Array(grant, { minItems: 1, maxItems: maxGrants }),
)

export const grantOf = ({
  role,
  organisation = null,
  project = null,
  conditions,
}: Static<typeof grant>): Grant => ({
  role,
  organisation,
  project,
  ...(conditions ? { conditions } : {}),
})
