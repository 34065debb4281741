import { Type } from '@fastify/type-provider-typebox'
import { requireCall } from '../access/caller.ts'
import { id } from '../access/grant-fields.ts'
import type { Authentication } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { granted } from '../platform/http/http-error.ts'
import type { KekRotation } from './kek-rotation.ts'

const byProject = Type.Object({ projectId: id }, { additionalProperties: false })
const byOrganisation = Type.Object({ organisationId: id }, { additionalProperties: false })

/** Rotation of what is above keys. While `remaining` is not 0, the same call goes on with it. */
export function rotationRoutes(
  app: App,
  { rotation, authentication }: { readonly rotation: KekRotation; readonly authentication: Authentication },
): void {
  app.post('/api/v1/projects/:projectId/rotate-kek', { schema: { params: byProject } }, async (request) => {
    const call = await requireCall(request, authentication)
    return { rotation: granted(await rotation.rotateProject(call, request.params.projectId)) }
  })

  app.post(
    '/api/v1/organisations/:organisationId/rotate-kek',
    { schema: { params: byOrganisation } },
    async (request) => {
      const call = await requireCall(request, authentication)
      return { rotation: granted(await rotation.rotateOrganisation(call, request.params.organisationId)) }
    },
  )

  app.post('/api/v1/root/rotate', async (request) => {
    const call = await requireCall(request, authentication)
    return { rotation: granted(await rotation.rotateRoot(call)) }
  })
}
