import { type TOptional, type TString, Type } from '@fastify/type-provider-typebox'
import { requireCall } from '../../access/caller.ts'
import { pageFields, pageOf } from '../../access/page-query.ts'
import type { Authentication } from '../../access/tokens.ts'
import { type CeremonyAlgorithm, ceremonyAlgorithms, madeAlgorithms } from '../../keys/algorithms.ts'
import {
  listedKey,
  madeKey,
  oneKey,
  planRequest,
  shredReceipt,
  toView,
  versionView,
} from '../../keys/key-view.ts'
import { chosenStates } from '../../keys/key-work.ts'
import type { KeyLifecycle } from '../../keys/lifecycle.ts'
import { maxSearch } from '../../keys/named.ts'
import type { KeyOperations } from '../../keys/operations.ts'
import { type ListedState, listedStates, type StoredKey } from '../../keys/repository.ts'
import { signingAlgorithmNames } from '../../keys/signing.ts'
import type { App } from '../../platform/http/app-type.ts'
import { toBase64 } from '../../platform/http/base64-field.ts'
import { granted, misfit, refusedBy } from '../../platform/http/http-error.ts'
import { base64, count, gives, text, time } from '../../platform/http/reply.ts'
import type { Outcome } from '../../refusal.ts'
import { openRest } from './rest.ts'

type Parts = {
  readonly keys: KeyOperations
  readonly lifecycle: KeyLifecycle
  readonly authentication: Authentication
}

const closed = { additionalProperties: false } as const
const base = '/api/v1/kms/keys'
const signingAlgorithm = Type.Enum([...signingAlgorithmNames])
const keyId = Type.String({ minLength: 1, maxLength: 64 })
const wrappingAlgorithm = 'RSA_AES_KEY_WRAP_SHA_256'
const orders = { name: 'name', createdAt: 'created_at', updatedAt: 'updated_at' } as const

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
const aKey = { reply: oneKey, show: (key: StoredKey) => ({ key: toView(key) }) }
const ciphertext = {
  reply: Type.Object({ ciphertext: base64 }),
  show: (made: Uint8Array) => ({ ciphertext: toBase64(made) }),
}
const ciphertexts = {
  reply: items({ ciphertext: base64 }),
  show: (all: readonly Outcome<Uint8Array>[]) => ({
    items: all.map((one) => toItem(one, (made) => ({ ciphertext: toBase64(made) }))),
  }),
}

/** Keys over HTTP. */
export function keyRoutes(app: App, parts: Parts): void {
  createRoute(app, parts)
  recordRoutes(app, parts)
  sealingRoutes(app, parts)
  provingRoutes(app, parts)
  lifecycleRoutes(app, parts)
}

const newKey = Type.Enum([...madeAlgorithms, ...ceremonyAlgorithms])

/** One address of two operations: what only ceremonies make is a record until one has been. */
function createRoute(app: App, { keys, lifecycle, authentication }: Parts): void {
  const { project, name, description, usage, isExportable, rotateEveryDays, threshold } =
    keys.create.entry.input
  const body = Type.Object(
    {
      ...{ projectId: project, name, description, keyUsage: usage, isExportable, rotateEveryDays, threshold },
      algorithm: Type.Optional(newKey),
      encryptionAlgorithm: Type.Optional(newKey),
    },
    closed,
  )
  const config = { operation: keys.create.entry }
  app.post(
    base,
    { config, schema: { ...gives('Create a key', madeKey), body, 'x-operation': keys.create.entry.name } },
    async (request) => {
      const call = await requireCall(request, authentication)
      const { projectId, keyUsage, algorithm, encryptionAlgorithm, ...its } = request.body
      const wanted = algorithm ?? encryptionAlgorithm
      if (encryptionAlgorithm !== undefined && encryptionAlgorithm !== wanted)
        throw misfit('algorithm and encryptionAlgorithm differ')
      const asked = { ...its, project: projectId, ...(keyUsage === undefined ? {} : { usage: keyUsage }) }
      if (isCeremony(wanted)) {
        const key = granted(await lifecycle.requestCeremony(call, { ...asked, algorithm: wanted }))
        return { key: toView(key), planRequest: granted(await lifecycle.planRequest(call, { id: key.id })) }
      }
      const made = await keys.create(call, {
        ...asked,
        ...(wanted === undefined ? {} : { algorithm: wanted }),
      })
      return { key: toView(granted(made)) }
    },
  )
}

function recordRoutes(app: App, { keys, authentication }: Parts): void {
  const at = openRest(app, authentication)
  at(keys.list, `GET ${base}`, {
    summary: 'List the keys of a project',
    reply: Type.Object({
      ...{ keys: Type.Array(listedKey), totalCount: count },
      /** Where `details` are asked for. */
      counts: Type.Optional(
        Type.Object({
          any: count,
          serving: count,
          stopped: count,
          ending: count,
          rotating: count,
          due: count,
        }),
      ),
    }),
    show: ({ keys, total, counts, used }) => ({
      keys: keys.map((key) => ({
        ...toView(key),
        ...(used === null ? {} : { lastUsed: used.get(key.id)?.toISOString() ?? null }),
      })),
      ...{ totalCount: total, ...(counts === null ? {} : { counts }) },
    }),
    query: {
      schema: Type.Object(
        {
          projectId: keyId,
          ...pageFields,
          orderBy: Type.Optional(Type.Enum(['name', 'createdAt', 'updatedAt'])),
          orderDirection: Type.Optional(Type.Enum(['asc', 'desc'])),
          search: Type.Optional(Type.String({ maxLength: maxSearch })),
          pendingDeletion: Type.Optional(Type.Enum(['true', 'false'])),
          /** In place of `pendingDeletion`. */
          state: Type.Optional(Type.Enum([...listedStates])),
          algorithm: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
          /** How many keys are in each state, and when each was used last. */
          details: Type.Optional(Type.Enum(['true'])),
        },
        closed,
      ),
      read: (query: ListQuery) => ({
        project: query.projectId,
        page: {
          ...pageOf(query),
          search: query.search ?? null,
          orderBy: orders[query.orderBy ?? 'name'],
          orderDirection: query.orderDirection ?? 'asc',
          ending: query.pendingDeletion === 'true',
          ...(query.state === undefined ? {} : { state: query.state }),
          ...(query.algorithm === undefined ? {} : { algorithm: query.algorithm }),
          ...{ counted: query.details === 'true', withUses: query.details === 'true' },
          mayLag: true,
        },
      }),
    },
  })
  at(keys.get, `GET ${base}/:keyId`, { summary: 'Read a key', ...aKey })
  at(keys.patch, `PATCH ${base}/:keyId`, { summary: 'Change a key', ...aKey })
  at(keys.delete, `DELETE ${base}/:keyId`, { summary: 'Disable a key and schedule its deletion', ...aKey })
  at(keys.cancelDeletion, `POST ${base}/:keyId/cancel-deletion`, {
    summary: 'Cancel the deletion of a key',
    ...aKey,
  })
  at(keys.rotate, `POST ${base}/:keyId/rotate`, { summary: 'Add a version to a key', ...aKey })
  at(keys.versions, `GET ${base}/:keyId/versions`, {
    summary: 'List the versions of a key',
    reply: Type.Object({ versions: Type.Array(versionView) }),
    show: (versions) => ({
      versions: versions.map(({ row, state, createdAt }) => ({
        ...{ version: row.version, state, origin: row.origin, bundleDigest: row.bundleDigest },
        createdAt: createdAt.toISOString(),
      })),
    }),
  })
  at(keys.setVersionState, `PATCH ${base}/:keyId/versions/:version`, {
    summary: 'Change the state of a version',
    reply: Type.Object({ version: count, state: Type.Enum([...chosenStates]) }),
    show: (_, { version, state }) => ({ version, state }),
  })
  at(keys.getByName, `GET ${base}/key-name/:name`, { summary: 'Find a key by its name', ...aKey })
  at(keys.publicKey, `GET ${base}/:keyId/public-key`, {
    summary: 'Read the public half of a key',
    reply: Type.Object({ publicKey: base64, keyVersion: count }),
    show: ({ spki, version }) => ({ publicKey: toBase64(spki), keyVersion: version }),
  })
  at(keys.signingAlgorithms, `GET ${base}/:keyId/signing-algorithms`, {
    summary: 'List what a key may sign by',
    reply: Type.Object({ signingAlgorithms: Type.Array(signingAlgorithm) }),
    show: (names) => ({ signingAlgorithms: names }),
  })
}

type ListQuery = {
  readonly projectId: string
  readonly offset?: string
  readonly limit?: string
  readonly orderBy?: keyof typeof orders
  readonly orderDirection?: 'asc' | 'desc'
  readonly search?: string
  readonly pendingDeletion?: 'true' | 'false'
  readonly state?: ListedState
  readonly algorithm?: string
  readonly details?: 'true'
}
type DataKeyFields = { readonly plaintext: TOptional<TString>; readonly ciphertext: TString }

function sealingRoutes(app: App, { keys, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const repeatsKey = true
  at(keys.encrypt, `POST ${base}/:keyId/encrypt`, { summary: 'Encrypt', ...ciphertext, repeatsKey })
  at(keys.decrypt, `POST ${base}/:keyId/decrypt`, {
    summary: 'Decrypt',
    reply: Type.Object({ plaintext: base64 }),
    show: (plaintext) => ({ plaintext: toBase64(plaintext) }),
    repeatsKey,
  })
  for (const shown of [true, false])
    at(keys.generateDataKey, `POST ${base}/:keyId/generate-data-key${shown ? '' : '-without-plaintext'}`, {
      summary: shown ? 'Make a data key' : 'Make a data key and keep its plaintext back',
      // Without a plaintext it is the same, and lacks what is optional.
      reply: Type.Object(
        (shown ? { plaintext: base64, ciphertext: base64 } : { ciphertext: base64 }) as DataKeyFields,
      ),
      show({ plaintext, ciphertext }) {
        const open = shown ? { plaintext: toBase64(plaintext) } : {}
        plaintext.fill(0)
        return { ...open, ciphertext: toBase64(ciphertext) }
      },
      as: { spec: 'keySpec' },
      repeatsKey,
    })
  at(keys.rewrap, `POST ${base}/:keyId/rewrap`, {
    summary: 'Encrypt again with the newest version',
    ...ciphertext,
    repeatsKey,
  })
  at(keys.encryptBatch, `POST ${base}/:keyId/encrypt-batch`, { summary: 'Encrypt many', ...ciphertexts })
  at(keys.decryptBatch, `POST ${base}/:keyId/decrypt-batch`, {
    summary: 'Decrypt many',
    reply: items({ plaintext: base64 }),
    show: (all) => ({ items: all.map((one) => toItem(one, (text) => ({ plaintext: toBase64(text) }))) }),
  })
  at(keys.rewrapBatch, `POST ${base}/:keyId/rewrap-batch`, {
    summary: 'Encrypt many again with the newest version',
    ...ciphertexts,
  })
}

function provingRoutes(app: App, { keys, authentication }: Parts): void {
  const at = openRest(app, authentication)
  const repeatsKey = true
  const checked = { keyId, keyVersion: Type.Optional(count) }
  const versionOf = (version: number | null) => (version === null ? {} : { keyVersion: version })
  at(keys.sign, `POST ${base}/:keyId/sign`, {
    summary: 'Sign',
    reply: Type.Object({ signature: base64, keyId, keyVersion: count, signingAlgorithm }),
    show: ({ signature, version, algorithm }, { id }) => ({
      ...{ signature: toBase64(signature), keyId: id, keyVersion: version, signingAlgorithm: algorithm },
    }),
    as: { algorithm: 'signingAlgorithm' },
    repeatsKey,
  })
  at(keys.verify, `POST ${base}/:keyId/verify`, {
    summary: 'Verify a signature',
    reply: Type.Object({ signatureValid: Type.Boolean(), ...checked, signingAlgorithm }),
    show: ({ valid, version }, { id, algorithm }) => ({
      ...{ signatureValid: valid, keyId: id, ...versionOf(version), signingAlgorithm: algorithm },
    }),
    as: { algorithm: 'signingAlgorithm', version: 'keyVersion' },
    repeatsKey,
  })
  at(keys.generateMac, `POST ${base}/:keyId/generate-mac`, {
    summary: 'Make a MAC',
    reply: Type.Object({ mac: base64, keyId, keyVersion: count, macAlgorithm: text }),
    show: ({ mac, version, algorithm }, { id }) => ({
      ...{ mac: toBase64(mac), keyId: id, keyVersion: version, macAlgorithm: algorithm },
    }),
    as: { algorithm: null },
    repeatsKey,
  })
  at(keys.verifyMac, `POST ${base}/:keyId/verify-mac`, {
    summary: 'Verify a MAC',
    reply: Type.Object({ macValid: Type.Boolean(), ...checked, macAlgorithm: text }),
    show: ({ valid, version, algorithm }, { id }) => ({
      ...{ macValid: valid, keyId: id, ...versionOf(version), macAlgorithm: algorithm },
    }),
    as: { algorithm: null, version: 'keyVersion' },
    repeatsKey,
  })
  at(keys.signBatch, `POST ${base}/:keyId/sign-batch`, {
    summary: 'Sign many',
    reply: items({ signature: base64, keyVersion: count, signingAlgorithm }),
    show: (all) => ({
      items: all.map((one) =>
        toItem(one, ({ signature, version, algorithm }) => ({
          ...{ signature: toBase64(signature), keyVersion: version, signingAlgorithm: algorithm },
        })),
      ),
    }),
    as: { algorithm: 'signingAlgorithm' },
  })
}

/** Keys on their way in, out and away. */
function lifecycleRoutes(app: App, { lifecycle, authentication }: Parts): void {
  const at = openRest(app, authentication)
  at(lifecycle.planRequest, `GET ${base}/:keyId/plan-request`, {
    summary: 'Read what a ceremony needs for a threshold key',
    reply: planRequest,
    show: (request) => request,
  })
  at(lifecycle.wrappingKey, 'POST /api/v1/kms/import-keys', {
    summary: 'Make a wrapping key for one import',
    reply: Type.Object({
      importKey: Type.Object({ id: text, publicKey: base64, wrappingAlgorithm: text, expiresAt: time }),
    }),
    show: ({ id, spki, expiresAt }) => ({
      importKey: { id, publicKey: toBase64(spki), wrappingAlgorithm, expiresAt: expiresAt.toISOString() },
    }),
  })
  at(lifecycle.importKey, `POST ${base}/import`, {
    summary: 'Import a wrapped key',
    ...aKey,
    as: { importKey: 'importKeyId', wrapped: 'wrappedKey' },
  })
  at(lifecycle.exportKey, `POST ${base}/:keyId/export`, {
    summary: 'Export a key, wrapped',
    reply: Type.Object({ wrappedKey: base64, keyVersion: count, wrappingAlgorithm: text }),
    show: ({ wrapped, version }) => ({
      ...{ wrappedKey: toBase64(wrapped), keyVersion: version, wrappingAlgorithm },
    }),
    as: { to: 'publicKey', version: 'keyVersion', byOaep: null, whither: null },
  })
  at(lifecycle.shred, `POST ${base}/:keyId/shred`, {
    summary: 'Shred a key',
    reply: Type.Object({ receipt: shredReceipt }),
    show: (receipt) => ({ receipt }),
    as: { confirm: 'confirmName' },
  })
}

const isCeremony = (name: string | undefined): name is CeremonyAlgorithm =>
  ceremonyAlgorithms.some((one) => one === name)

/** What an item came to: its answer, or its own error as a whole request would have it. */
function toItem<T, Shown>(outcome: Outcome<T>, show: (value: T) => Shown) {
  if (outcome.ok) return show(outcome.value)
  const { statusCode, code, message } = refusedBy(outcome)
  return { error: { statusCode, code, message } }
}
