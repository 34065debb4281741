import { Type } from '@fastify/type-provider-typebox'
import { requireCall } from '../access/caller.ts'
import { id } from '../access/grant-fields.ts'
import type { Authentication } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { granted } from '../platform/http/http-error.ts'
import { count, gives } from '../platform/http/reply.ts'
import type { KekRotation } from './kek-rotation.ts'
import { shredReceipt } from './key-view.ts'

const rotation = Type.Object({
  version: count,
  moved: Type.Integer({ minimum: 0, description: 'Keys that this call moved' }),
  remaining: Type.Integer({ minimum: 0, description: 'Keys under an older version: not 0, call again' }),
})
const rootRotation = Type.Object({ ...rotation.properties, receipts: Type.Array(shredReceipt) })
const byProject = Type.Object({ projectId: id }, { additionalProperties: false })
const byOrganisation = Type.Object({ organisationId: id }, { additionalProperties: false })

/** Rotation of what is above keys. While `remaining` is not 0, the same call goes on with it. */
export function rotationRoutes(
  app: App,
  {
    rotation: rotations,
    authentication,
  }: { readonly rotation: KekRotation; readonly authentication: Authentication },
): void {
  app.post(
    '/api/v1/projects/:projectId/rotate-kek',
    { schema: { ...gives('Rotate the KEK of a project', Type.Object({ rotation })), params: byProject } },
    async (request) => {
      const call = await requireCall(request, authentication)
      return { rotation: granted(await rotations.rotateProject(call, request.params.projectId)) }
    },
  )

  app.post(
    '/api/v1/organisations/:organisationId/rotate-kek',
    {
      schema: {
        ...gives('Rotate the KEK of an organisation', Type.Object({ rotation })),
        params: byOrganisation,
      },
    },
    async (request) => {
      const call = await requireCall(request, authentication)
      return { rotation: granted(await rotations.rotateOrganisation(call, request.params.organisationId)) }
    },
  )

  app.post(
    '/api/v1/root/rotate',
    { schema: { ...gives('Rotate the root', Type.Object({ rotation: rootRotation })) } },
    async (request) => {
      const call = await requireCall(request, authentication)
      return { rotation: granted(await rotations.rotateRoot(call)) }
    },
  )
}
