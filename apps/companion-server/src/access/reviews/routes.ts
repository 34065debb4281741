import { Type } from '@fastify/type-provider-typebox'
import type { App } from '../../platform/http/app-type.ts'
import { granted } from '../../platform/http/http-error.ts'
import { count, document, gives, orNull, text, time } from '../../platform/http/reply.ts'
import { requireCall } from '../caller.ts'
import { id } from '../grant-fields.ts'
import type { Authentication } from '../tokens.ts'
import type { AccessReviews } from './operations.ts'

const closed = { additionalProperties: false } as const
const accessList = Type.Object({
  digest: text,
  access: Type.Array(
    Type.Object({
      ...{ identityId: text, name: text, username: orNull(text), invited: Type.Boolean() },
      lastUse: orNull(time),
      roles: Type.Array(
        Type.Object({
          ...{ role: text, projectId: orNull(text), projectName: orNull(text) },
          conditions: orNull(document),
        }),
      ),
    }),
  ),
})
const review = Type.Object({
  payload: Type.Object({
    ...{ v: count, kind: text, audience: text, id: text, organisation: orNull(text) },
    ...{ reviewer: text, time, access: text, identities: count, roles: count },
  }),
  signatures: Type.Array(document),
})
const place = Type.Object({ organisationId: Type.Optional(id) }, closed)

/** Who has access, and that an admin has looked at it. Without an organisation: the roles of the whole deployment. */
export function reviewRoutes(
  app: App,
  { reviews, authentication }: { readonly reviews: AccessReviews; readonly authentication: Authentication },
): void {
  app.get(
    '/api/v1/access',
    { schema: { ...gives('List who has access', accessList), querystring: place } },
    async (request) => {
      const call = await requireCall(request, authentication)
      const { access, digest } = granted(await reviews.list(call, request.query.organisationId ?? null))
      return {
        digest,
        access: access.map(({ identity, lastUse, roles, ...rest }) => ({
          ...{ identityId: identity, ...rest, lastUse: lastUse?.toISOString() ?? null },
          roles: roles.map(({ project, ...role }) => ({ ...role, projectId: project })),
        })),
      }
    },
  )

  const signed = Type.Object(
    { organisationId: Type.Optional(id), digest: Type.String({ minLength: 64, maxLength: 64 }) },
    closed,
  )
  app.post(
    '/api/v1/access-reviews',
    { schema: { ...gives('Sign an access review off', Type.Object({ review })), body: signed } },
    async (request) => {
      const call = await requireCall(request, authentication)
      const { organisationId, digest } = request.body
      return {
        review: granted(await reviews.signOff(call, { organisation: organisationId ?? null, digest })),
      }
    },
  )

  app.get(
    '/api/v1/access-reviews',
    {
      schema: {
        ...gives('List access reviews', Type.Object({ reviews: Type.Array(review) })),
        querystring: place,
      },
    },
    async (request) => {
      const call = await requireCall(request, authentication)
      return { reviews: granted(await reviews.reviews(call, request.query.organisationId ?? null)) }
    },
  )
}
