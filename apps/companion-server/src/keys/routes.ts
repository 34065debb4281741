import { randomBytes } from 'node:crypto'
import { Type } from '@fastify/type-provider-typebox'
import { equalBytes, fromBase64, toBase64 } from '@lux/crypto'
import type { FastifyRequest } from 'fastify'
import { requireCaller } from '../access/caller.ts'
import type { Caller } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { badRequest, forbidden, HttpError, misfit, notFound } from '../platform/http/http-error.ts'
import { numberIn } from '../platform/http/query.ts'
import type { Services } from '../services.ts'
import {
  type EnvelopeAlgorithm,
  type EnvelopeContext,
  openEnvelope,
  readEnvelopeHead,
  sealEnvelope,
} from './envelope.ts'
import type { StoredKey, StoredVersion } from './unwrapping.ts'

/** Most bytes of plaintext or of AAD in one call. */
const maxPayload = 1 << 20
const base64Text = Type.String({ maxLength: 4 * Math.ceil((maxPayload + 1024) / 3) })
const keyId = Type.String({ minLength: 1, maxLength: 64 })
const byId = Type.Object({ keyId }, { additionalProperties: false })

const listQuery = Type.Object(
  {
    projectId: Type.String({ minLength: 1, maxLength: 64 }),
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

export function keyRoutes(app: App, services: Services): void {
  const { keys } = services

  app.get('/api/v1/kms/keys', { schema: { querystring: listQuery } }, async (request) => {
    const caller = await requireCaller(request, services)
    const { projectId, search, orderDirection = 'asc' } = request.query
    if (caller.project !== projectId) throw notFound('Project')
    request.trail.project = projectId
    const { keys: found, total } = await keys.listKeys(projectId, {
      offset: numberIn('offset', request.query.offset, 0, 1e9, 0),
      limit: numberIn('limit', request.query.limit, 1, 100, 100),
      search: search ?? null,
      orderDirection,
    })
    return { keys: found.map(toView), totalCount: total }
  })

  app.get('/api/v1/kms/keys/:keyId', { schema: { params: byId } }, async (request) => {
    const { key } = await visibleKey(request, request.params.keyId)
    return { key: toView(key) }
  })

  const byName = Type.Object(
    { name: Type.String({ minLength: 1, maxLength: 200 }) },
    { additionalProperties: false },
  )
  const inProject = Type.Object(
    { projectId: Type.String({ minLength: 1, maxLength: 64 }) },
    { additionalProperties: false },
  )
  app.get(
    '/api/v1/kms/keys/key-name/:name',
    { schema: { params: byName, querystring: inProject } },
    async (request) => {
      const caller = await requireCaller(request, services)
      const { projectId } = request.query
      // The same work whether or not the project is the caller's.
      const key = await keys.findByName(projectId, request.params.name)
      if (key === 'absent' || caller.project !== projectId) throw notFound('Key')
      follow(request, key)
      return { key: toView(key) }
    },
  )

  app.post(
    '/api/v1/kms/keys/:keyId/encrypt',
    { schema: { params: byId, body: encryptBody } },
    async (request) => {
      const { key, caller } = await visibleKey(request, request.params.keyId, request.body.keyId)
      requireUser(caller)
      const algorithm = requireCipher(key)
      if (key.is_disabled) throw badRequest('KEY-DISABLED')
      const plaintext = decode('plaintext', request.body.plaintext, maxPayload)
      const version = await findVersion(key, key.current_version)
      if (version.state !== 'enabled')
        throw badRequest('KEY-VERSION-DISABLED', 'The key version does not encrypt')
      request.trail.version = key.current_version
      const context = contextOf(key, algorithm, key.current_version, request.body.aad)
      const salt = randomBytes(32)
      const sealed = await keys.useKey(key, version, (bytes) => sealEnvelope(bytes, context, plaintext, salt))
      return { ciphertext: toBase64(sealed) }
    },
  )

  app.post(
    '/api/v1/kms/keys/:keyId/decrypt',
    { schema: { params: byId, body: decryptBody } },
    async (request) => {
      const { key, caller } = await visibleKey(request, request.params.keyId, request.body.keyId)
      requireUser(caller)
      const algorithm = requireCipher(key)
      if (key.is_disabled) throw badRequest('KEY-DISABLED')
      const envelope = decode('ciphertext', request.body.ciphertext, maxPayload + 1024)
      const head = readEnvelopeHead(envelope)
      if (!head.ok) throw badRequest(head.rule, head.detail)
      // Looked up exactly: no version is ever tried in turn.
      if (head.value.algorithm !== algorithm || !equalBytes(head.value.keyId, key.envelope_id)) {
        throw badRequest('ENVELOPE-KEY', 'The envelope names another key or algorithm')
      }
      request.trail.version = head.value.version
      if (head.value.version < key.min_decrypt_version) throw badRequest('KEY-VERSION-RETIRED')
      const version = await findVersion(key, head.value.version)
      if (version.state !== 'enabled' && version.state !== 'decrypt-only') {
        throw badRequest('KEY-VERSION-DISABLED', 'The key version does not decrypt')
      }
      const context = contextOf(key, algorithm, head.value.version, request.body.aad)
      const opened = await keys.useKey(key, version, (bytes) => openEnvelope(bytes, context, envelope))
      if (!opened.ok) throw badRequest(opened.rule, opened.detail)
      return { plaintext: toBase64(opened.value) }
    },
  )

  async function visibleKey(
    request: FastifyRequest,
    id: string,
    repeated?: string,
  ): Promise<{ key: StoredKey; caller: Caller }> {
    const caller = await requireCaller(request, services)
    if (repeated !== undefined && repeated !== id)
      throw badRequest('KEY-ID-DIFFERS', 'keyId in the body is not the one in the path')
    const key = await keys.findKey(id)
    if (key === 'absent' || key.project_id !== caller.project) throw notFound('Key')
    follow(request, key)
    return { key, caller }
  }

  async function findVersion(key: StoredKey, version: number): Promise<StoredVersion> {
    const found = await keys.findVersion(key, version)
    if (found === 'absent') throw badRequest('KEY-VERSION-ABSENT', `The key has no version ${version}`)
    return found
  }
}

function follow(request: FastifyRequest, key: StoredKey): void {
  request.trail.organisation = key.organisation_id
  request.trail.project = key.project_id
  request.trail.key = key.id
}

function requireUser(caller: Caller): void {
  if (caller.role !== 'user') throw forbidden(`the role ${caller.role} may not use keys`)
}

function requireCipher(key: StoredKey): EnvelopeAlgorithm {
  if (key.algorithm === 'aes-256-gcm' || key.algorithm === 'aes-128-gcm') return key.algorithm
  throw badRequest('KEY-USAGE', `A key of algorithm ${key.algorithm} does not encrypt`)
}

function contextOf(
  key: StoredKey,
  algorithm: EnvelopeAlgorithm,
  version: number,
  aad: string | undefined,
): EnvelopeContext {
  return {
    algorithm,
    keyId: key.envelope_id,
    version,
    organisation: key.organisation_id,
    project: key.project_id,
    ...(aad === undefined ? {} : { aad: decode('aad', aad, maxPayload) }),
  }
}

function decode(name: string, text: string, maxBytes: number): Uint8Array {
  let bytes: Uint8Array
  try {
    bytes = fromBase64(text)
  } catch {
    throw misfit(`${name} is not standard padded base64`, [
      { path: `/${name}`, message: 'expected standard padded base64' },
    ])
  }
  if (bytes.length > maxBytes)
    throw new HttpError(413, 'BODY-TOO-LONG', `${name} is longer than ${maxBytes} bytes`)
  return bytes
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
