import { Type } from '@fastify/type-provider-typebox'
import { toBase64 } from '@lux/crypto'
import type { FastifyRequest } from 'fastify'
import { requireCall } from '../access/caller.ts'
import type { Authentication } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { decodeField } from '../platform/http/base64-field.ts'
import { badRequest, granted } from '../platform/http/http-error.ts'
import { numberIn } from '../platform/http/query.ts'
import { type KeyOperations, maxPayload } from './operations.ts'
import type { StoredKey } from './repository.ts'

const base64Text = Type.String({ maxLength: 4 * Math.ceil((maxPayload + 1024) / 3) })
const keyId = Type.String({ minLength: 1, maxLength: 64 })
const byId = Type.Object({ keyId }, { additionalProperties: false })
const projectId = Type.String({ minLength: 1, maxLength: 64 })

const listQuery = Type.Object(
  {
    projectId,
    offset: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' })),
    limit: Type.Optional(Type.String({ pattern: '^[0-9]{1,3}$' })),
    orderBy: Type.Optional(Type.Literal('name')),
    orderDirection: Type.Optional(Type.Union([Type.Literal('asc'), Type.Literal('desc')])),
    search: Type.Optional(Type.String({ maxLength: 64 })),
  },
  { additionalProperties: false },
)

// The SDK repeats keyId in the body.
const encryptBody = Type.Object(
  { plaintext: base64Text, aad: Type.Optional(base64Text), keyId: Type.Optional(keyId) },
  { additionalProperties: false },
)
const decryptBody = Type.Object(
  { ciphertext: base64Text, aad: Type.Optional(base64Text), keyId: Type.Optional(keyId) },
  { additionalProperties: false },
)

export function keyRoutes(
  app: App,
  { keys, authentication }: { readonly keys: KeyOperations; readonly authentication: Authentication },
): void {
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)

  app.get('/api/v1/kms/keys', { schema: { querystring: listQuery } }, async (request) => {
    const call = await callOf(request)
    const { query } = request
    const page = {
      offset: numberIn('offset', query.offset, 0, 1e9, 0),
      limit: numberIn('limit', query.limit, 1, 100, 100),
      search: query.search ?? null,
      orderDirection: query.orderDirection ?? 'asc',
    }
    const found = granted(await keys.list(call, query.projectId, page))
    return { keys: found.keys.map(toView), totalCount: found.total }
  })

  app.get('/api/v1/kms/keys/:keyId', { schema: { params: byId } }, async (request) => {
    const call = await callOf(request)
    return { key: toView(granted(await keys.get(call, request.params.keyId))) }
  })

  const byName = Type.Object(
    { name: Type.String({ minLength: 1, maxLength: 200 }) },
    { additionalProperties: false },
  )
  const inProject = Type.Object({ projectId }, { additionalProperties: false })
  app.get(
    '/api/v1/kms/keys/key-name/:name',
    { schema: { params: byName, querystring: inProject } },
    async (request) => {
      const call = await callOf(request)
      return {
        key: toView(granted(await keys.getByName(call, request.query.projectId, request.params.name))),
      }
    },
  )

  app.post(
    '/api/v1/kms/keys/:keyId/encrypt',
    { schema: { params: byId, body: encryptBody } },
    async (request) => {
      const call = await callOf(request)
      const { plaintext, aad, keyId: repeated } = request.body
      const id = sameKey(request.params.keyId, repeated)
      const given = { id, plaintext: decodeField('plaintext', plaintext), ...aadOf(aad) }
      return { ciphertext: toBase64(granted(await keys.encrypt(call, given))) }
    },
  )

  app.post(
    '/api/v1/kms/keys/:keyId/decrypt',
    { schema: { params: byId, body: decryptBody } },
    async (request) => {
      const call = await callOf(request)
      const { ciphertext, aad, keyId: repeated } = request.body
      const id = sameKey(request.params.keyId, repeated)
      const given = { id, ciphertext: decodeField('ciphertext', ciphertext), ...aadOf(aad) }
      return { plaintext: toBase64(granted(await keys.decrypt(call, given))) }
    },
  )
}

function sameKey(id: string, repeated: string | undefined): string {
  if (repeated !== undefined && repeated !== id)
    throw badRequest('KEY-ID-DIFFERS', 'keyId in the body is not the one in the path')
  return id
}

function aadOf(aad: string | undefined): { aad?: Uint8Array } {
  return aad === undefined ? {} : { aad: decodeField('aad', aad) }
}

function toView(key: StoredKey) {
  return {
    id: key.id,
    name: key.name,
    description: key.description,
    isDisabled: key.is_disabled,
    orgId: key.organisation_id,
    projectId: key.project_id,
    keyUsage: key.key_usage,
    version: key.current_version,
    algorithm: key.algorithm,
    encryptionAlgorithm: key.algorithm,
    createdAt: key.created_at.toISOString(),
    updatedAt: key.updated_at.toISOString(),
  }
}
