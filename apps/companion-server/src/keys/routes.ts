import { type TOptional, type TString, Type } from '@fastify/type-provider-typebox'
import { MAX_HOLDERS } from '@lux/crypto/sharing'
import type { FastifyRequest } from 'fastify'
import { requireCall } from '../access/caller.ts'
import { pageFields, pageOf } from '../access/page-query.ts'
import type { Authentication } from '../access/tokens.ts'
import type { App } from '../platform/http/app-type.ts'
import { decodeField, toBase64 } from '../platform/http/base64-field.ts'
import { badRequest, granted, misfit } from '../platform/http/http-error.ts'
import { numberIn } from '../platform/http/query.ts'
import { base64, count, gives, text } from '../platform/http/reply.ts'
import { type CeremonyAlgorithm, ceremonyAlgorithms, madeAlgorithms } from './algorithms.ts'
import { keyView, madeKey, oneKey, toView, versionView } from './key-view.ts'
import { maxPayload } from './key-work.ts'
import type { KeyLifecycle } from './lifecycle.ts'
import {
  chosenStates,
  dataKeySpecs,
  type KeyOperations,
  maxDescription,
  maxRotationDays,
  maxSearch,
} from './operations.ts'
import { signingAlgorithmNames } from './signing.ts'

export const base64Text = Type.String({ maxLength: 4 * Math.ceil((maxPayload + 1024) / 3) })
const keyId = Type.String({ minLength: 1, maxLength: 64 })
export const byId = Type.Object({ keyId }, { additionalProperties: false })
const projectId = Type.String({ minLength: 1, maxLength: 64 })

const version = Type.Integer({ minimum: 1, maximum: 2 ** 31 - 1 })
const name = Type.String({ minLength: 1, maxLength: 64 })
const description = Type.String({ maxLength: maxDescription })
const algorithm = Type.Enum([...madeAlgorithms, ...ceremonyAlgorithms])
export const signingAlgorithm = Type.Enum([...signingAlgorithmNames])

const closed = { additionalProperties: false } as const
// The SDK repeats keyId in the body.
const repeated = Type.Optional(keyId)
export const aad = Type.Optional(base64Text)

const listQuery = Type.Object(
  {
    projectId,
    ...pageFields,
    orderBy: Type.Optional(Type.Enum(['name', 'createdAt', 'updatedAt'])),
    orderDirection: Type.Optional(Type.Enum(['asc', 'desc'])),
    search: Type.Optional(Type.String({ maxLength: maxSearch })),
    pendingDeletion: Type.Optional(Type.Enum(['true', 'false'])),
  },
  closed,
)
const rotateEveryDays = Type.Integer({ minimum: 1, maximum: maxRotationDays })
/** Of TFHE_BINARY and TFHE_INTEGER. */
const threshold = Type.Object(
  {
    t: Type.Integer({ minimum: 2, maximum: MAX_HOLDERS }),
    n: Type.Integer({ minimum: 2, maximum: MAX_HOLDERS }),
    mode: Type.Enum(['S', 'F']),
  },
  closed,
)
const createBody = Type.Object(
  {
    projectId,
    name,
    description: Type.Optional(description),
    keyUsage: Type.Optional(
      Type.Enum(['encrypt-decrypt', 'sign-verify', 'generate-verify-mac', 'fhe-computation']),
    ),
    isExportable: Type.Optional(Type.Boolean()),
    rotateEveryDays: Type.Optional(rotateEveryDays),
    threshold: Type.Optional(threshold),
    algorithm: Type.Optional(algorithm),
    encryptionAlgorithm: Type.Optional(algorithm),
  },
  closed,
)
const patchBody = Type.Object(
  {
    name: Type.Optional(name),
    description: Type.Optional(Type.Union([description, Type.Null()])),
    isDisabled: Type.Optional(Type.Boolean()),
    minDecryptVersion: Type.Optional(version),
    rotateEveryDays: Type.Optional(Type.Union([rotateEveryDays, Type.Null()])),
  },
  { ...closed, minProperties: 1 },
)
const deleteQuery = Type.Object({ days: Type.Optional(Type.String({ pattern: '^[0-9]{1,2}$' })) }, closed)
const versionQuery = Type.Object({ version: Type.Optional(Type.String({ pattern: '^[0-9]{1,9}$' })) }, closed)
const stateBody = Type.Object({ state: Type.Enum([...chosenStates]) }, closed)
const encryptBody = Type.Object({ plaintext: base64Text, aad, keyId: repeated }, closed)
const decryptBody = Type.Object({ ciphertext: base64Text, aad, keyId: repeated }, closed)
const dataKeyBody = Type.Object(
  { keySpec: Type.Optional(Type.Enum([...dataKeySpecs])), aad, keyId: repeated },
  closed,
)
const signBody = Type.Object(
  { data: base64Text, signingAlgorithm, isDigest: Type.Optional(Type.Boolean()), keyId: repeated },
  closed,
)
const verifyBody = Type.Object(
  {
    data: base64Text,
    signature: base64Text,
    signingAlgorithm,
    isDigest: Type.Optional(Type.Boolean()),
    keyVersion: Type.Optional(version),
    keyId: repeated,
  },
  closed,
)
const macBody = Type.Object({ data: base64Text, keyId: repeated }, closed)
const verifyMacBody = Type.Object(
  { data: base64Text, mac: base64Text, keyVersion: Type.Optional(version), keyId: repeated },
  closed,
)
type DataKeyFields = { readonly plaintext: TOptional<TString>; readonly ciphertext: TString }
const orders = { name: 'name', createdAt: 'created_at', updatedAt: 'updated_at' } as const

export function keyRoutes(
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

  app.post(base, { schema: { ...gives('Create a key', madeKey), body: createBody } }, async (request) => {
    const call = await callOf(request)
    const { body } = request
    const wanted = body.algorithm ?? body.encryptionAlgorithm
    if (body.encryptionAlgorithm !== undefined && body.encryptionAlgorithm !== wanted)
      throw misfit('algorithm and encryptionAlgorithm differ')
    const described = body.description === undefined ? {} : { description: body.description }
    const asked = {
      ...{ project: body.projectId, name: body.name, ...described },
      ...(body.keyUsage === undefined ? {} : { usage: body.keyUsage }),
      ...(body.threshold === undefined ? {} : { threshold: body.threshold }),
    }
    if (isCeremony(wanted)) {
      const key = granted(await lifecycle.requestCeremony(call, { ...asked, algorithm: wanted }))
      return { key: toView(key), planRequest: granted(await lifecycle.planRequest(call, key.id)) }
    }
    const made = await keys.create(call, {
      ...asked,
      ...(wanted === undefined ? {} : { algorithm: wanted }),
      ...(body.isExportable === undefined ? {} : { isExportable: body.isExportable }),
      ...(body.rotateEveryDays === undefined ? {} : { rotateEveryDays: body.rotateEveryDays }),
    })
    return { key: toView(granted(made)) }
  })

  app.get(
    base,
    {
      schema: {
        ...gives('List the keys of a project', Type.Object({ keys: Type.Array(keyView), totalCount: count })),
        querystring: listQuery,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { query } = request
      const page = {
        ...pageOf(query),
        search: query.search ?? null,
        orderBy: orders[query.orderBy ?? 'name'],
        orderDirection: query.orderDirection ?? 'asc',
        ending: query.pendingDeletion === 'true',
        mayLag: true,
      }
      const found = granted(await keys.list(call, query.projectId, page))
      return { keys: found.keys.map(toView), totalCount: found.total }
    },
  )

  app.get(`${base}/:keyId`, { schema: { ...gives('Read a key', oneKey), params: byId } }, async (request) => {
    const call = await callOf(request)
    return { key: toView(granted(await keys.get(call, request.params.keyId))) }
  })

  app.patch(
    `${base}/:keyId`,
    { schema: { ...gives('Change a key', oneKey), params: byId, body: patchBody } },
    async (request) => {
      const call = await callOf(request)
      return { key: toView(granted(await keys.patch(call, request.params.keyId, request.body))) }
    },
  )

  app.delete(
    `${base}/:keyId`,
    {
      schema: {
        ...gives('Disable a key and schedule its deletion', oneKey),
        params: byId,
        querystring: deleteQuery,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const days = numberIn('days', request.query.days, 1, 30, 7)
      return { key: toView(granted(await keys.delete(call, request.params.keyId, days))) }
    },
  )

  app.post(
    `${base}/:keyId/cancel-deletion`,
    { schema: { ...gives('Cancel the deletion of a key', oneKey), params: byId } },
    async (request) => {
      const call = await callOf(request)
      return { key: toView(granted(await keys.cancelDeletion(call, request.params.keyId))) }
    },
  )

  app.post(
    `${base}/:keyId/rotate`,
    { schema: { ...gives('Add a version to a key', oneKey), params: byId } },
    async (request) => {
      const call = await callOf(request)
      return { key: toView(granted(await keys.rotate(call, request.params.keyId))) }
    },
  )

  app.get(
    `${base}/:keyId/versions`,
    {
      schema: {
        ...gives('List the versions of a key', Type.Object({ versions: Type.Array(versionView) })),
        params: byId,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const versions = granted(await keys.versions(call, request.params.keyId))
      return {
        versions: versions.map(({ row, state, createdAt }) => ({
          version: row.version,
          state,
          origin: row.origin,
          bundleDigest: row.bundleDigest,
          createdAt: createdAt.toISOString(),
        })),
      }
    },
  )

  const byVersion = Type.Object({ keyId, version: Type.String({ pattern: '^[1-9][0-9]{0,8}$' }) }, closed)
  app.patch(
    `${base}/:keyId/versions/:version`,
    {
      schema: {
        ...gives(
          'Change the state of a version',
          Type.Object({ version: count, state: Type.Enum([...chosenStates]) }),
        ),
        params: byVersion,
        body: stateBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const wanted = { version: Number(request.params.version), state: request.body.state }
      granted(await keys.setVersionState(call, request.params.keyId, wanted))
      return wanted
    },
  )

  const byName = Type.Object({ name: Type.String({ minLength: 1, maxLength: 200 }) }, closed)
  const inProject = Type.Object({ projectId }, closed)
  app.get(
    `${base}/key-name/:name`,
    { schema: { ...gives('Find a key by its name', oneKey), params: byName, querystring: inProject } },
    async (request) => {
      const call = await callOf(request)
      const { projectId: project } = request.query
      return { key: toView(granted(await keys.getByName(call, project, request.params.name))) }
    },
  )

  app.post(
    `${base}/:keyId/encrypt`,
    { schema: { ...gives('Encrypt', Type.Object({ ciphertext: base64 })), params: byId, body: encryptBody } },
    async (request) => {
      const call = await callOf(request)
      const { body } = request
      const plaintext = decodeField('plaintext', body.plaintext)
      const given = { id: sameKey(request), plaintext, ...aadOf(body.aad) }
      return { ciphertext: toBase64(granted(await keys.encrypt(call, given))) }
    },
  )

  app.post(
    `${base}/:keyId/decrypt`,
    { schema: { ...gives('Decrypt', Type.Object({ plaintext: base64 })), params: byId, body: decryptBody } },
    async (request) => {
      const call = await callOf(request)
      const { body } = request
      const ciphertext = decodeField('ciphertext', body.ciphertext)
      const given = { id: sameKey(request), ciphertext, ...aadOf(body.aad) }
      return { plaintext: toBase64(granted(await keys.decrypt(call, given))) }
    },
  )

  for (const shown of [true, false]) {
    const path = shown ? 'generate-data-key' : 'generate-data-key-without-plaintext'
    // Without a plaintext it is the same, and lacks what is optional.
    const fields = (
      shown ? { plaintext: base64, ciphertext: base64 } : { ciphertext: base64 }
    ) as DataKeyFields
    app.post(
      `${base}/:keyId/${path}`,
      {
        schema: {
          ...gives(
            shown ? 'Make a data key' : 'Make a data key and keep its plaintext back',
            Type.Object(fields),
          ),
          params: byId,
          body: dataKeyBody,
        },
      },
      async (request) => {
        const call = await callOf(request)
        const { body } = request
        const given = { id: sameKey(request), spec: body.keySpec ?? 'AES_256', ...aadOf(body.aad) }
        const { plaintext, ciphertext } = granted(await keys.generateDataKey(call, given))
        const answer = {
          ...(shown ? { plaintext: toBase64(plaintext) } : {}),
          ciphertext: toBase64(ciphertext),
        }
        plaintext.fill(0)
        return answer
      },
    )
  }

  app.post(
    `${base}/:keyId/sign`,
    {
      schema: {
        ...gives('Sign', Type.Object({ signature: base64, keyId, keyVersion: count, signingAlgorithm })),
        params: byId,
        body: signBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { body } = request
      const id = sameKey(request)
      const signed = granted(
        await keys.sign(call, {
          id,
          data: decodeField('data', body.data),
          algorithm: body.signingAlgorithm,
          isDigest: body.isDigest ?? false,
        }),
      )
      return {
        signature: toBase64(signed.signature),
        keyId: id,
        keyVersion: signed.version,
        signingAlgorithm: signed.algorithm,
      }
    },
  )

  app.post(
    `${base}/:keyId/verify`,
    {
      schema: {
        ...gives(
          'Verify a signature',
          Type.Object({
            signatureValid: Type.Boolean(),
            keyId,
            keyVersion: Type.Optional(count),
            signingAlgorithm,
          }),
        ),
        params: byId,
        body: verifyBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { body } = request
      const id = sameKey(request)
      const verified = granted(
        await keys.verify(call, {
          id,
          data: decodeField('data', body.data),
          signature: decodeField('signature', body.signature),
          algorithm: body.signingAlgorithm,
          isDigest: body.isDigest ?? false,
          ...(body.keyVersion === undefined ? {} : { version: body.keyVersion }),
        }),
      )
      return {
        signatureValid: verified.valid,
        keyId: id,
        ...(verified.version === null ? {} : { keyVersion: verified.version }),
        signingAlgorithm: body.signingAlgorithm,
      }
    },
  )

  app.post(
    `${base}/:keyId/generate-mac`,
    {
      schema: {
        ...gives('Make a MAC', Type.Object({ mac: base64, keyId, keyVersion: count, macAlgorithm: text })),
        params: byId,
        body: macBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const id = sameKey(request)
      const made = granted(await keys.generateMac(call, { id, data: decodeField('data', request.body.data) }))
      return { mac: toBase64(made.mac), keyId: id, keyVersion: made.version, macAlgorithm: made.algorithm }
    },
  )

  app.post(
    `${base}/:keyId/verify-mac`,
    {
      schema: {
        ...gives(
          'Verify a MAC',
          Type.Object({
            macValid: Type.Boolean(),
            keyId,
            keyVersion: Type.Optional(count),
            macAlgorithm: text,
          }),
        ),
        params: byId,
        body: verifyMacBody,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { body } = request
      const id = sameKey(request)
      const verified = granted(
        await keys.verifyMac(call, {
          id,
          data: decodeField('data', body.data),
          mac: decodeField('mac', body.mac),
          ...(body.keyVersion === undefined ? {} : { version: body.keyVersion }),
        }),
      )
      return {
        macValid: verified.valid,
        keyId: id,
        ...(verified.version === null ? {} : { keyVersion: verified.version }),
        macAlgorithm: verified.algorithm,
      }
    },
  )

  app.get(
    `${base}/:keyId/public-key`,
    {
      schema: {
        ...gives('Read the public half of a key', Type.Object({ publicKey: base64, keyVersion: count })),
        params: byId,
        querystring: versionQuery,
      },
    },
    async (request) => {
      const call = await callOf(request)
      const { version: wanted } = request.query
      const found = await keys.publicKey(
        call,
        request.params.keyId,
        wanted === undefined ? undefined : numberIn('version', wanted, 1, 2 ** 31 - 1, 1),
      )
      const { spki, version: its } = granted(found)
      return { publicKey: toBase64(spki), keyVersion: its }
    },
  )

  app.get(
    `${base}/:keyId/signing-algorithms`,
    {
      schema: {
        ...gives(
          'List what a key may sign by',
          Type.Object({ signingAlgorithms: Type.Array(signingAlgorithm) }),
        ),
        params: byId,
      },
    },
    async (request) => {
      const call = await callOf(request)
      return { signingAlgorithms: granted(await keys.signingAlgorithms(call, request.params.keyId)) }
    },
  )
}

const isCeremony = (name: string | undefined): name is CeremonyAlgorithm =>
  ceremonyAlgorithms.some((one) => one === name)

export function sameKey({
  params,
  body,
}: {
  readonly params: { readonly keyId: string }
  readonly body: { readonly keyId?: string }
}): string {
  if (body.keyId !== undefined && body.keyId !== params.keyId)
    throw badRequest('KEY-ID-DIFFERS', 'keyId in the body is not the one in the path')
  return params.keyId
}

export function aadOf(given: string | undefined): { aad?: Uint8Array } {
  return given === undefined ? {} : { aad: decodeField('aad', given) }
}
