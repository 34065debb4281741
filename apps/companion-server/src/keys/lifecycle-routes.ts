import { Type } from '@fastify/type-provider-typebox'
import type { FastifyRequest } from 'fastify'
import { requireCall } from '../access/caller.ts'
import type { Authentication } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { decodeField, toBase64 } from '../platform/http/base64-field.ts'
import { granted, refusedBy } from '../platform/http/http-error.ts'
import { base64, count, gives, text, time } from '../platform/http/reply.ts'
import type { Outcome } from '../refusal.ts'
import { algorithmNames } from './algorithms.ts'
import { oneKey, planRequest, shredReceipt, toView } from './key-view.ts'
import type { KeyLifecycle } from './lifecycle.ts'
import { type KeyOperations, maxBatch, maxDescription } from './operations.ts'
import { aad, aadOf, base64Text, byId, sameKey, signingAlgorithm } from './routes.ts'

const closed = { additionalProperties: false } as const
const id = Type.String({ minLength: 1, maxLength: 64 })
const repeated = Type.Optional(id)
const rewrapItem = { ciphertext: base64Text, aad, newAad: aad }
const rewrapBody = Type.Object({ ...rewrapItem, keyId: repeated }, closed)
const many = <T extends Parameters<typeof Type.Object>[0]>(fields: T) =>
  Type.Object({ items: Type.Array(Type.Object(fields, closed), { minItems: 1, maxItems: maxBatch }) }, closed)
const importBody = Type.Object(
  {
    importKeyId: id,
    name: Type.String({ minLength: 1, maxLength: 64 }),
    description: Type.Optional(Type.String({ maxLength: maxDescription })),
    algorithm: Type.Enum([...algorithmNames]),
    isExportable: Type.Optional(Type.Boolean()),
    wrappedKey: Type.String({ maxLength: 16_384 }),
  },
  closed,
)
const exportBody = Type.Object(
  {
    publicKey: Type.String({ maxLength: 4096 }),
    keyVersion: Type.Optional(Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })),
  },
  closed,
)
const wrapping = 'RSA_AES_KEY_WRAP_SHA_256'
/** Of each item, in their order, its answer or its own error. */
const items = <T extends Parameters<typeof Type.Object>[0]>(fields: T) =>
  Type.Object({
    items: Type.Array(
      Type.Union([
        Type.Object(fields),
        Type.Object({ error: Type.Object({ statusCode: count, code: text, message: text }) }),
      ]),
    ),
  })

/** Many at once, and keys on their way in, out and away. */
export function lifecycleRoutes(
  app: App,
  {
    keys,
    lifecycle,
    authentication,
  }: {
    readonly keys: KeyOperations
    readonly lifecycle: KeyLifecycle
    readonly authentication: Authentication
  },
): void {
  const callOf = (request: FastifyRequest) => requireCall(request, authentication)
  const base = '/api/v1/kms/keys'

  app.get(
    `${base}/:keyId/plan-request`,
    { schema: { ...gives('Read what a ceremony needs for a threshold key', planRequest), params: byId } },
    async (request) => {
      const call = await callOf(request)
      return granted(await lifecycle.planRequest(call, request.params.keyId))
    },
  )

  app.post(
    `${base}/:keyId/rewrap`,
    {
      schema: {
        ...gives('Encrypt again with the newest version', Type.Object({ ciphertext: base64 })),
        params: byId,
        body: rewrapBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const given = { id: sameKey(request), ...rewrapOf(request.body) }
      return { ciphertext: toBase64(granted(await keys.rewrap(call, given))) }
    },
  )

  const encryptMany = many({ plaintext: base64Text, aad })
  app.post(
    `${base}/:keyId/encrypt-batch`,
    { schema: { ...gives('Encrypt many', items({ ciphertext: base64 })), params: byId, body: encryptMany } },
    async (request) => {
      const call = await callOf(request)
      const items = request.body.items.map((item) => ({
        plaintext: decodeField('plaintext', item.plaintext),
        ...aadOf(item.aad),
      }))
      const made = granted(await keys.encryptBatch(call, request.params.keyId, items))
      return { items: made.map((one) => toItem(one, (bytes) => ({ ciphertext: toBase64(bytes) }))) }
    },
  )

  const decryptMany = many({ ciphertext: base64Text, aad })
  app.post(
    `${base}/:keyId/decrypt-batch`,
    { schema: { ...gives('Decrypt many', items({ plaintext: base64 })), params: byId, body: decryptMany } },
    async (request) => {
      const call = await callOf(request)
      const items = request.body.items.map((item) => ({
        ciphertext: decodeField('ciphertext', item.ciphertext),
        ...aadOf(item.aad),
      }))
      const made = granted(await keys.decryptBatch(call, request.params.keyId, items))
      return { items: made.map((one) => toItem(one, (bytes) => ({ plaintext: toBase64(bytes) }))) }
    },
  )

  const rewrapMany = many(rewrapItem)
  app.post(
    `${base}/:keyId/rewrap-batch`,
    {
      schema: {
        ...gives('Encrypt many again with the newest version', items({ ciphertext: base64 })),
        params: byId,
        body: rewrapMany,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const made = granted(
        await keys.rewrapBatch(call, request.params.keyId, request.body.items.map(rewrapOf)),
      )
      return { items: made.map((one) => toItem(one, (bytes) => ({ ciphertext: toBase64(bytes) }))) }
    },
  )

  const signMany = many({ data: base64Text, signingAlgorithm, isDigest: Type.Optional(Type.Boolean()) })
  app.post(
    `${base}/:keyId/sign-batch`,
    {
      schema: {
        ...gives('Sign many', items({ signature: base64, keyVersion: count, signingAlgorithm })),
        params: byId,
        body: signMany,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const items = request.body.items.map((item) => ({
        data: decodeField('data', item.data),
        algorithm: item.signingAlgorithm,
        isDigest: item.isDigest ?? false,
      }))
      const made = granted(await keys.signBatch(call, request.params.keyId, items))
      return {
        items: made.map((one) =>
          toItem(one, ({ signature, version, algorithm }) => ({
            signature: toBase64(signature),
            keyVersion: version,
            signingAlgorithm: algorithm,
          })),
        ),
      }
    },
  )

  const forImport = Type.Object({ projectId: id }, closed)
  app.post(
    '/api/v1/kms/import-keys',
    {
      schema: {
        ...gives(
          'Make a wrapping key for one import',
          Type.Object({
            importKey: Type.Object({
              id: text,
              publicKey: base64,
              wrappingAlgorithm: text,
              expiresAt: time,
            }),
          }),
        ),
        body: forImport,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const made = granted(await lifecycle.wrappingKey(call, request.body.projectId))
      return {
        importKey: {
          id: made.id,
          publicKey: toBase64(made.spki),
          wrappingAlgorithm: wrapping,
          expiresAt: made.expiresAt.toISOString(),
        },
      }
    },
  )

  app.post(
    `${base}/import`,
    { schema: { ...gives('Import a wrapped key', oneKey), body: importBody } },
    async (request) => {
      const call = await callOf(request)
      const { importKeyId: importKey, wrappedKey, description, isExportable, ...named } = request.body
      const made = await lifecycle.importKey(call, {
        ...{ ...named, importKey, wrapped: decodeField('wrappedKey', wrappedKey) },
        ...(description === undefined ? {} : { description }),
        ...(isExportable === undefined ? {} : { isExportable }),
      })
      return { key: toView(granted(made)) }
    },
  )

  app.post(
    `${base}/:keyId/export`,
    {
      schema: {
        ...gives(
          'Export a key, wrapped',
          Type.Object({ wrappedKey: base64, keyVersion: count, wrappingAlgorithm: text }),
        ),
        params: byId,
        body: exportBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { publicKey, keyVersion } = request.body
      const { wrapped, version } = granted(
        await lifecycle.exportKey(call, {
          id: request.params.keyId,
          to: decodeField('publicKey', publicKey),
          ...(keyVersion === undefined ? {} : { version: keyVersion }),
        }),
      )
      return { wrappedKey: toBase64(wrapped), keyVersion: version, wrappingAlgorithm: wrapping }
    },
  )

  const shredBody = Type.Object({ confirmName: Type.String({ minLength: 1, maxLength: 200 }) }, closed)
  app.post(
    `${base}/:keyId/shred`,
    {
      schema: {
        ...gives('Shred a key', Type.Object({ receipt: shredReceipt })),
        params: byId,
        body: shredBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const wanted = { id: request.params.keyId, confirm: request.body.confirmName }
      return { receipt: granted(await lifecycle.shred(call, wanted)) }
    },
  )
}

function rewrapOf(given: { ciphertext: string; aad?: string; newAad?: string }) {
  return {
    ciphertext: decodeField('ciphertext', given.ciphertext),
    ...aadOf(given.aad),
    ...(given.newAad === undefined ? {} : { newAad: decodeField('newAad', given.newAad) }),
  }
}

/** What an item came to: its answer, or its own error as a whole request would have it. */
function toItem<T, Shown>(outcome: Outcome<T>, show: (value: T) => Shown) {
  if (outcome.ok) return show(outcome.value)
  const { statusCode, code, message } = refusedBy(outcome)
  return { error: { statusCode, code, message } }
}
