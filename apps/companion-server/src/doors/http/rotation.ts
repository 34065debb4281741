import { Type } from '@fastify/type-provider-typebox'
import type { Authentication } from '../../access/tokens.ts'
import type { KekRotation } from '../../keys/kek-rotation.ts'
import { shredReceipt } from '../../keys/key-view.ts'
import type { Rotation } from '../../keys/rotation/steps.ts'
import type { App } from '../../platform/http/app-type.ts'
import { count } from '../../platform/http/reply.ts'
import { openRest } from './rest.ts'

const rotation = Type.Object({
  version: count,
  moved: Type.Integer({ minimum: 0, description: 'Keys that this call moved' }),
  remaining: Type.Integer({ minimum: 0, description: 'Keys under an older version: not 0, call again' }),
})
const rootRotation = Type.Object({ ...rotation.properties, receipts: Type.Array(shredReceipt) })
const aRotation = { reply: Type.Object({ rotation }), show: (rotation: Rotation) => ({ rotation }) }

/** Rotation of what is above keys. While `remaining` is not 0, the same call goes on with it. */
export function rotationRoutes(
  app: App,
  {
    rotation: its,
    authentication,
  }: { readonly rotation: KekRotation; readonly authentication: Authentication },
): void {
  const at = openRest(app, authentication)
  at(its.rotateProject, 'POST /api/v1/projects/:projectId/rotate-kek', {
    summary: 'Rotate the KEK of a project',
    ...aRotation,
  })
  at(its.rotateOrganisation, 'POST /api/v1/organisations/:organisationId/rotate-kek', {
    summary: 'Rotate the KEK of an organisation',
    ...aRotation,
  })
  at(its.rotateRoot, 'POST /api/v1/root/rotate', {
    summary: 'Rotate the root',
    reply: Type.Object({ rotation: rootRotation }),
    show: (rotation) => ({ rotation }),
  })
}
