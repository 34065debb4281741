import type { StoredKey } from './repository.ts'

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
          state: key.fhe_key_id === null ? 'awaiting-ceremony' : 'dealt',
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
