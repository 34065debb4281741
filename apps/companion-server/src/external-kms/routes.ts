import { Type } from '@fastify/type-provider-typebox'
import { toBase64 } from '@lux/crypto'
import type { FastifyRequest } from 'fastify'
import { requireCall } from '../access/caller.ts'
import type { Authentication } from '../access/tokens.ts'
import { maxPayload } from '../keys/key-work.ts'
import { dataKeySpecs } from '../keys/operations/sealing.ts'
import { signingAlgorithmNames } from '../keys/signing.ts'
import type { App } from '../platform/http/app-type.ts'
import { decodeField } from '../platform/http/base64-field.ts'
import { granted } from '../platform/http/http-error.ts'
import { base64, gives, orNull, text, time } from '../platform/http/reply.ts'
import type { StoredExternalKey } from './external-keys.ts'
import type { ExternalKeyOperations } from './operations.ts'
import { providerNames } from './provider.ts'

const closed = { additionalProperties: false } as const
const id = Type.String({ minLength: 1, maxLength: 64 })
const base64Text = Type.String({ maxLength: 4 * Math.ceil((maxPayload + 1024) / 3) })
const aad = Type.Optional(base64Text)
const signingAlgorithm = Type.Enum([...signingAlgorithmNames])
const byId = Type.Object({ keyId: id }, closed)
const fields = Type.Record(Type.String({ pattern: '^[a-zA-Z]{1,32}$' }), Type.String({ maxLength: 65_536 }))
const createBody = Type.Object(
  {
    projectId: id,
    name: Type.String({ minLength: 1, maxLength: 64 }),
    provider: Type.Enum([...providerNames]),
    settings: fields,
    credentials: fields,
    keyId: Type.Optional(id),
    forImport: Type.Optional(Type.Boolean()),
  },
  closed,
)
const ofProject = Type.Object({ projectId: id }, closed)
const credentialsBody = Type.Object({ credentials: fields, settings: Type.Optional(fields) }, closed)
const removeQuery = Type.Object({ confirmName: Type.Optional(Type.String({ maxLength: 64 })) }, closed)
const encryptBody = Type.Object({ plaintext: base64Text, aad }, closed)
const decryptBody = Type.Object({ ciphertext: base64Text, aad }, closed)
const dataKeyBody = Type.Object({ keySpec: Type.Optional(Type.Enum([...dataKeySpecs])), aad }, closed)
const signBody = Type.Object(
  { data: base64Text, signingAlgorithm, isDigest: Type.Optional(Type.Boolean()) },
  closed,
)
const importBody = Type.Object(
  { importedKeyId: id, keyVersion: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })) },
  closed,
)

const keyView = Type.Object({
  ...{ id: text, name: text, orgId: text, projectId: text, provider: text },
  settings: Type.Record(Type.String(), text),
  keyUsage: text,
  publicKey: orNull(base64),
  createdAt: time,
  updatedAt: time,
})
const oneKey = Type.Object({ key: keyView })

/** Keys at other KMSs: configured, tried and used. Credentials go in and never come out. */
export function externalKeyRoutes(
  app: App,
  {
    external,
    authentication,
  }: { readonly external: ExternalKeyOperations; readonly authentication: Authentication },
): void {
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)
  const base = '/api/v1/external-keys'
  const aadOf = (text: string | undefined) => (text === undefined ? {} : { aad: decodeField('aad', text) })

  app.post(
    base,
    { schema: { ...gives('Add a key of another KMS', oneKey), body: createBody } },
    async (request) => {
      const call = await callOf(request)
      const { projectId: project, keyId: again, ...rest } = request.body
      const wanted = { project, ...rest, ...(again === undefined ? {} : { again }) }
      return { key: toView(granted(await external.create(call, wanted))) }
    },
  )
  app.get(
    base,
    {
      schema: {
        ...gives('List the keys of other KMSs', Type.Object({ keys: Type.Array(keyView) })),
        querystring: ofProject,
      },
    },
    async (request) => {
      const call = await callOf(request)
      return { keys: granted(await external.list(call, request.query.projectId)).map(toView) }
    },
  )
  app.get(
    `${base}/:keyId`,
    { schema: { ...gives('Read a key of another KMS', oneKey), params: byId } },
    async (request) => {
      const call = await callOf(request)
      return { key: toView(granted(await external.get(call, request.params.keyId))) }
    },
  )
  app.patch(
    `${base}/:keyId`,
    {
      schema: {
        ...gives('Change credentials and settings of a key of another KMS', oneKey),
        params: byId,
        body: credentialsBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { keyId } = request.params
      return { key: toView(granted(await external.changeCredentials(call, keyId, request.body))) }
    },
  )
  app.delete(
    `${base}/:keyId`,
    {
      schema: {
        ...gives('Remove a key of another KMS', Type.Object({ removed: Type.Boolean() })),
        params: byId,
        querystring: removeQuery,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { confirmName: confirm = '' } = request.query
      granted(await external.remove(call, { id: request.params.keyId, confirm }))
      return { removed: true }
    },
  )
  app.post(
    `${base}/:keyId/test`,
    {
      schema: {
        ...gives(
          'Try a key of another KMS',
          Type.Object({ works: Type.Boolean(), keyUsage: text, providerKeyId: text }),
        ),
        params: byId,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { use, id: providerKeyId } = granted(await external.test(call, request.params.keyId))
      return { works: true, keyUsage: use, providerKeyId }
    },
  )
  app.post(
    `${base}/:keyId/encrypt`,
    {
      schema: {
        ...gives('Encrypt at another KMS', Type.Object({ ciphertext: base64 })),
        params: byId,
        body: encryptBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { body, params } = request
      const plaintext = decodeField('plaintext', body.plaintext)
      const asked = { id: params.keyId, plaintext, ...aadOf(body.aad) }
      return { ciphertext: toBase64(granted(await external.encrypt(call, asked))) }
    },
  )
  app.post(
    `${base}/:keyId/decrypt`,
    {
      schema: {
        ...gives('Decrypt at another KMS', Type.Object({ plaintext: base64 })),
        params: byId,
        body: decryptBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { body, params } = request
      const ciphertext = decodeField('ciphertext', body.ciphertext)
      const asked = { id: params.keyId, ciphertext, ...aadOf(body.aad) }
      return { plaintext: toBase64(granted(await external.decrypt(call, asked))) }
    },
  )
  app.post(
    `${base}/:keyId/generate-data-key`,
    {
      schema: {
        ...gives('Make a data key at another KMS', Type.Object({ plaintext: base64, ciphertext: base64 })),
        params: byId,
        body: dataKeyBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { keySpec: spec = 'AES_256', aad: text } = request.body
      const made = await external.generateDataKey(call, { id: request.params.keyId, spec, ...aadOf(text) })
      const { plaintext, ciphertext } = granted(made)
      return { plaintext: toBase64(plaintext), ciphertext: toBase64(ciphertext) }
    },
  )
  app.post(
    `${base}/:keyId/sign`,
    {
      schema: {
        ...gives('Sign at another KMS', Type.Object({ signature: base64, keyId: id, signingAlgorithm })),
        params: byId,
        body: signBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { data, signingAlgorithm: algorithm, isDigest = false } = request.body
      const input = { algorithm, data: decodeField('data', data), isDigest }
      const signature = granted(await external.sign(call, { id: request.params.keyId, ...input }))
      return { signature: toBase64(signature), keyId: request.params.keyId, signingAlgorithm: algorithm }
    },
  )
  app.post(
    `${base}/:keyId/rotate`,
    { schema: { ...gives('Rotate a key of another KMS', oneKey), params: byId } },
    async (request) => {
      const call = await callOf(request)
      return { key: toView(granted(await external.rotate(call, request.params.keyId))) }
    },
  )
  app.post(
    `${base}/:keyId/import`,
    {
      schema: {
        ...gives('Bring a key of this server into another KMS', oneKey),
        params: byId,
        body: importBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { importedKeyId: key, keyVersion: version } = request.body
      const asked = { id: request.params.keyId, key, ...(version === undefined ? {} : { version }) }
      return { key: toView(granted(await external.importKey(call, asked))) }
    },
  )
}

function toView(row: StoredExternalKey) {
  return {
    id: row.id,
    name: row.name,
    orgId: row.organisation_id,
    projectId: row.project_id,
    provider: row.provider,
    settings: row.settings,
    keyUsage: row.key_use,
    publicKey: row.public_key === null ? null : toBase64(row.public_key),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
  }
}
