import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../../platform/http/app-type.ts'
import { granted } from '../../platform/http/http-error.ts'
import { gives } from '../../platform/http/reply.ts'
import { requireCall } from '../caller.ts'
import { grantFields, grantsFrom, id, role } from '../grant-fields.ts'
import type { Authentication } from '../tokens.ts'
import type { Roles } from './operations.ts'

const closed = { additionalProperties: false } as const
const byIdentity = Type.Object({ identityId: id }, closed)
const roleOf = Type.Object({ role, organisationId: Type.Optional(id), projectId: Type.Optional(id) }, closed)

/** Roles of identities that are here. */
export function roleRoutes(
  app: App,
  { roles, authentication }: { readonly roles: Roles; readonly authentication: Authentication },
): void {
  const path = '/api/v1/identities/:identityId/roles'

  app.post(
    path,
    {
      schema: {
        ...gives('Give an identity one role more', Type.Object({ given: Type.Boolean() })),
        params: byIdentity,
        body: grantFields,
      },
    },
    async (request) => {
      const call = await requireCall(request, authentication)
      for (const grant of grantsFrom([request.body]))
        granted(await roles.give(call, { identity: request.params.identityId, grant }))
      return { given: true }
    },
  )

  app.delete(
    path,
    {
      schema: {
        ...gives('Take a role from an identity', Type.Object({ taken: Type.Boolean() })),
        params: byIdentity,
        querystring: roleOf,
      },
    },
    async (request) => {
      const call = await requireCall(request, authentication)
      const { role: wanted, organisationId, projectId } = request.query
      const grant = { role: wanted, organisation: organisationId ?? null, project: projectId ?? null }
      granted(await roles.take(call, { identity: request.params.identityId, grant }))
      return { taken: true }
    },
  )
}
