import { Type } from '@fastify/type-provider-typebox'
import { toBase64 } from '@lux/crypto'
import type { Authentication } from '../../access/tokens.ts'
import type { StoredExternalKey } from '../../external-kms/external-keys.ts'
import type { ExternalKeyOperations } from '../../external-kms/operations.ts'
import { id } from '../../keys/key-work.ts'
import { signingAlgorithmNames } from '../../keys/signing.ts'
import type { App } from '../../platform/http/app-type.ts'
import { base64, orNull, text, time } from '../../platform/http/reply.ts'
import { openRest } from './rest.ts'

const keyView = Type.Object({
  ...{ id: text, name: text, orgId: text, projectId: text, provider: text },
  settings: Type.Record(Type.String(), text),
  keyUsage: text,
  publicKey: orNull(base64),
  createdAt: time,
  updatedAt: time,
})
const aKey = {
  reply: Type.Object({ key: keyView }),
  show: (row: StoredExternalKey) => ({ key: toView(row) }),
}

/** Keys at other KMSs: configured, tried and used. Credentials go in and never come out. */
export function externalKeyRoutes(
  app: App,
  {
    external,
    authentication,
  }: { readonly external: ExternalKeyOperations; readonly authentication: Authentication },
): void {
  const at = openRest(app, authentication)
  const base = '/api/v1/external-keys'
  const signingAlgorithm = Type.Enum([...signingAlgorithmNames])
  at(external.create, `POST ${base}`, {
    summary: 'Add a key of another KMS',
    ...aKey,
    as: { again: 'keyId' },
  })
  at(external.list, `GET ${base}`, {
    summary: 'List the keys of other KMSs',
    reply: Type.Object({ keys: Type.Array(keyView) }),
    show: (rows) => ({ keys: rows.map(toView) }),
  })
  at(external.get, `GET ${base}/:keyId`, { summary: 'Read a key of another KMS', ...aKey })
  at(external.changeCredentials, `PATCH ${base}/:keyId`, {
    summary: 'Change credentials and settings of a key of another KMS',
    ...aKey,
  })
  at(external.remove, `DELETE ${base}/:keyId`, {
    summary: 'Remove a key of another KMS',
    reply: Type.Object({ removed: Type.Boolean() }),
    show: () => ({ removed: true }),
    as: { confirm: 'confirmName' },
  })
  at(external.test, `POST ${base}/:keyId/test`, {
    summary: 'Try a key of another KMS',
    reply: Type.Object({ works: Type.Boolean(), keyUsage: text, providerKeyId: text }),
    show: ({ use, id: providerKeyId }) => ({ works: true, keyUsage: use, providerKeyId }),
  })
  at(external.encrypt, `POST ${base}/:keyId/encrypt`, {
    summary: 'Encrypt at another KMS',
    reply: Type.Object({ ciphertext: base64 }),
    show: (ciphertext) => ({ ciphertext: toBase64(ciphertext) }),
  })
  at(external.decrypt, `POST ${base}/:keyId/decrypt`, {
    summary: 'Decrypt at another KMS',
    reply: Type.Object({ plaintext: base64 }),
    show: (plaintext) => ({ plaintext: toBase64(plaintext) }),
  })
  at(external.generateDataKey, `POST ${base}/:keyId/generate-data-key`, {
    summary: 'Make a data key at another KMS',
    reply: Type.Object({ plaintext: base64, ciphertext: base64 }),
    show: ({ plaintext, ciphertext }) => ({
      plaintext: toBase64(plaintext),
      ciphertext: toBase64(ciphertext),
    }),
    as: { spec: 'keySpec' },
  })
  at(external.sign, `POST ${base}/:keyId/sign`, {
    summary: 'Sign at another KMS',
    reply: Type.Object({ signature: base64, keyId: id, signingAlgorithm }),
    show: (signature, { id, algorithm }) => ({
      ...{ signature: toBase64(signature), keyId: id, signingAlgorithm: algorithm },
    }),
    as: { algorithm: 'signingAlgorithm' },
  })
  at(external.rotate, `POST ${base}/:keyId/rotate`, { summary: 'Rotate a key of another KMS', ...aKey })
  at(external.importKey, `POST ${base}/:keyId/import`, {
    summary: 'Bring a key of this server into another KMS',
    ...aKey,
    as: { key: 'importedKeyId', version: 'keyVersion' },
  })
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
