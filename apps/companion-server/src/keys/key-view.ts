import { Type } from '@fastify/type-provider-typebox'
import { count, orNull, text, time } from '../platform/http/reply.ts'
import type { StoredKey } from './repository.ts'

export const keyView = Type.Object({
  id: text,
  name: text,
  description: orNull(text),
  isDisabled: Type.Boolean(),
  orgId: text,
  projectId: text,
  keyUsage: text,
  version: count,
  minDecryptVersion: count,
  isExportable: Type.Boolean(),
  rotateEveryDays: orNull(count),
  nextRotation: orNull(time),
  /** Of a threshold key. */
  state: Type.Optional(Type.Enum(['awaiting-ceremony', 'dealt'])),
  threshold: Type.Optional(Type.Object({ t: count, n: count, mode: text })),
  fheKeyId: Type.Optional(orNull(text)),
  algorithm: text,
  encryptionAlgorithm: text,
  deletionDate: orNull(time),
  createdAt: time,
  updatedAt: time,
})
/** `lastUsed`: where it was asked for; null: never, as far as the log goes back. */
export const listedKey = Type.Object({ ...keyView.properties, lastUsed: Type.Optional(orNull(time)) })
export const oneKey = Type.Object({ key: keyView })

const versionStates = [
  'pre-active',
  'enabled',
  'decrypt-only',
  'disabled',
  'compromised',
  'revoked',
  'destroyed',
] as const
export const versionView = Type.Object({
  version: count,
  state: Type.Enum([...versionStates]),
  origin: text,
  bundleDigest: orNull(text),
  createdAt: time,
})

/** What a threshold key is asked of a ceremony with. */
export const planRequest = Type.Object({
  v: Type.Literal(1),
  kind: Type.Literal('plan-request'),
  domain: text,
  audience: text,
  organisation: text,
  project: text,
  name: text,
  combinerRecipient: text,
  fhe: Type.Object({
    id: text,
    type: text,
    t: count,
    n: count,
    mode: text,
    squash: Type.Boolean(),
    inputs: Type.Literal('signed'),
  }),
})
export const madeKey = Type.Object({ key: keyView, planRequest: Type.Optional(planRequest) })

export const signature = Type.Object({
  signer: text,
  p256: Type.Optional(text),
  ed25519: Type.Optional(text),
  mlDsa65: Type.Optional(text),
})
export const shredReceipt = Type.Object({
  payload: Type.Object({
    v: Type.Literal(1),
    kind: Type.Literal('shred-receipt'),
    audience: text,
    level: Type.Enum(['S0', 'S1']),
    what: Type.Literal('data'),
    id: text,
    organisation: text,
    project: text,
    digest: text,
    versions: count,
    bundles: Type.Array(text),
    shreddedAt: time,
    ancestor: Type.Optional(
      Type.Object({
        level: Type.Literal('root'),
        id: text,
        destroyedIn: Type.Array(text),
        destroyedAt: time,
      }),
    ),
  }),
  signatures: Type.Array(signature),
})

/** A key as HTTP shows it. */
export function toView(key: StoredKey) {
  return {
    id: key.id,
    name: key.name,
    description: key.description,
    isDisabled: key.is_disabled,
    orgId: key.organisation_id,
    projectId: key.project_id,
    keyUsage: key.key_usage,
    version: key.current_version,
    minDecryptVersion: key.min_decrypt_version,
    isExportable: key.is_exportable,
    rotateEveryDays: key.rotate_every_days,
    nextRotation: key.rotate_at?.toISOString() ?? null,
    ...(key.threshold === null
      ? {}
      : {
          state: key.fhe_key_id === null ? ('awaiting-ceremony' as const) : ('dealt' as const),
          threshold: key.threshold,
          fheKeyId: key.fhe_key_id,
        }),
    algorithm: key.algorithm,
    encryptionAlgorithm: key.algorithm,
    deletionDate: key.destroy_at?.toISOString() ?? null,
    createdAt: key.created_at.toISOString(),
    updatedAt: key.updated_at.toISOString(),
  }
}
