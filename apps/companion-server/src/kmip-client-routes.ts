import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { requireCall } from './access/caller.ts'
import { id, name } from './access/grant-fields.ts'
import { listKmipClients, registerKmipClient, revokeKmipClient } from './access/kmip-clients.ts'
import type { Authentication } from './access/tokens.ts'
import type { Record } from './audit/record.ts'
import type { Database } from './platform/database/open.ts'
import type { App } from './platform/http/app-type.ts'
import { granted } from './platform/http/http-error.ts'
import { gives, orNull, text, time } from './platform/http/reply.ts'

const closed = { additionalProperties: false } as const
const client = {
  ...{ fingerprint: text, name: text, identityId: text, projectId: text },
  expiresAt: time,
}

/** Certificates that may speak KMIP, of the projects that the caller governs. */
export function kmipClientRoutes(
  app: App,
  {
    authentication,
    ...parts
  }: { readonly authentication: Authentication; readonly database: Database; readonly record: Record },
): void {
  const base = '/api/v1/kmip-clients'
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)

  app.get(
    base,
    {
      schema: {
        ...gives(
          'List the KMIP clients of a project',
          Type.Object({ clients: Type.Array(Type.Object({ ...client, revokedAt: orNull(time) })) }),
        ),
        querystring: Type.Object({ projectId: id }, closed),
      },
    },
    async (request) => {
      const call = await callOf(request)
      const found = granted(await listKmipClients(parts, call, request.query.projectId))
      return {
        clients: found.map(({ identity, project, expires, revoked, ...rest }) => ({
          ...rest,
          ...{ identityId: identity, projectId: project, expiresAt: expires, revokedAt: revoked },
        })),
      }
    },
  )

  app.post(
    base,
    {
      schema: {
        ...gives('Register a KMIP client', Type.Object({ client: Type.Object(client) })),
        body: Type.Object(
          { projectId: id, identityId: id, name, certificate: Type.String({ maxLength: 16_384 }) },
          closed,
        ),
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { projectId: project, identityId: identity, name, certificate } = request.body
      const made = granted(await registerKmipClient(parts, call, { certificate, name, identity, project }))
      const { fingerprint, expires } = made
      return {
        client: {
          ...{ fingerprint, name, identityId: identity, projectId: project },
          expiresAt: expires.toISOString(),
        },
      }
    },
  )

  app.post(
    `${base}/:fingerprint/revoke`,
    {
      schema: {
        ...gives('Revoke a KMIP client', Type.Object({ revoked: Type.Boolean() })),
        params: Type.Object({ fingerprint: Type.String({ pattern: '^[0-9a-f]{64}$' }) }, closed),
      },
    },
    async (request) => {
      const call = await callOf(request)
      granted(await revokeKmipClient(parts, call, request.params.fingerprint))
      return { revoked: true }
    },
  )
}
