import { Type } from '@fastify/type-provider-typebox'
import type { KmipRegistry } from '../../access/kmip-clients.ts'
import type { Authentication } from '../../access/tokens.ts'
import type { App } from '../../platform/http/app-type.ts'
import { orNull, text, time } from '../../platform/http/reply.ts'
import { openRest } from './rest.ts'

const id = Type.String({ minLength: 1, maxLength: 64 })
const client = {
  ...{ fingerprint: text, name: text, identityId: text, projectId: text },
  expiresAt: time,
}

/** Certificates that may speak KMIP, of the projects that the caller governs. */
export function kmipClientRoutes(
  app: App,
  { kmipRegistry: its, authentication }: { kmipRegistry: KmipRegistry; authentication: Authentication },
): void {
  const at = openRest(app, authentication)
  const base = '/api/v1/kmip-clients'
  at(its.list, `GET ${base}`, {
    summary: 'List the KMIP clients of a project',
    // All of them are for commands alone.
    query: {
      schema: Type.Object({ projectId: id }, { additionalProperties: false }),
      read: ({ projectId: project }: { projectId: string }) => ({ project }),
    },
    reply: Type.Object({ clients: Type.Array(Type.Object({ ...client, revokedAt: orNull(time) })) }),
    show: (found) => ({
      clients: found.map(({ identity, project, expires, revoked, ...rest }) => ({
        ...rest,
        ...{ identityId: identity, projectId: project, expiresAt: expires, revokedAt: revoked },
      })),
    }),
  })
  at(its.register, `POST ${base}`, {
    summary: 'Register a KMIP client',
    reply: Type.Object({ client: Type.Object(client) }),
    show: ({ fingerprint, name, identity, project, expires }) => ({
      client: {
        ...{ fingerprint, name, identityId: identity, projectId: project },
        expiresAt: expires.toISOString(),
      },
    }),
  })
  at(its.revoke, `POST ${base}/:fingerprint/revoke`, {
    summary: 'Revoke a KMIP client',
    reply: Type.Object({ revoked: Type.Boolean() }),
    show: () => ({ revoked: true }),
  })
}
