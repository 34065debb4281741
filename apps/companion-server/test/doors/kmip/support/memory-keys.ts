import { randomBytes } from 'node:crypto'
import type { Insertable } from 'kysely'
import type { Approvals } from '../../../../src/access/approvals.ts'
import type { Grant } from '../../../../src/access/authorize.ts'
import { outsideOf } from '../../../../src/access/conditions.ts'
import type { PlainKeys } from '../../../../src/access/organisations.ts'
import type { Call, Record, Subject } from '../../../../src/audit/record.ts'
import { algorithms, type KeyAlgorithm } from '../../../../src/keys/algorithms.ts'
import { envelopeKeyId } from '../../../../src/keys/envelope.ts'
import { openKeyOperations } from '../../../../src/keys/operations.ts'
import type { KeyRepository, NewVersion, StoredKey, StoredVersion } from '../../../../src/keys/repository.ts'
import type { WrappedRow } from '../../../../src/keys/row-mac.ts'
import type { KeyUnwrapping } from '../../../../src/keys/unwrapping.ts'
import { unapproved } from '../../../../src/operations/pipeline.ts'
import type { KeyTable } from '../../../../src/platform/database/tables.ts'

type Versions = (StoredVersion & { readonly createdAt: Date })[]

/** The server's own operations on keys, over rows in memory and without a token: every rule is the real one. */
export function openMemoryKeys(
  now: () => Date,
  { plainExport = false, take }: { plainExport?: boolean; take?: Approvals['take'] } = {},
) {
  let allowed: PlainKeys = plainExport ? 'yes' : 'no'
  const keys: StoredKey[] = []
  const versions = new Map<string, Versions>()
  const bytes = new Map<string, Uint8Array>()
  const audited: string[] = []
  const unused = () => Promise.reject(new Error('not there in memory'))

  const repository: KeyRepository = {
    findKey: async (id) => keys.find((key) => key.id === id) ?? 'absent',
    findByName: async (project, name) =>
      keys.find((key) => key.project_id === project && key.name === name) ?? 'absent',
    async listKeys(project, { offset, limit, search, scopes }) {
      const found = keys
        .filter(
          (key) =>
            key.project_id === project &&
            scopes.some((scope) => outsideOf(scope, key) === null) &&
            key.destroy_at === null &&
            (key.label ?? key.name).includes(search ?? ''),
        )
        .sort((a, b) => b.created_at.getTime() - a.created_at.getTime())
      return { keys: found.slice(offset, offset + limit), total: found.length, counts: null }
    },
    lastUses: async () => new Map(),
    findVersion: async (key, version) =>
      versions.get(key.id)?.find(({ row }) => row.version === version) ?? 'absent',
    listVersions: async (key) => versions.get(key.id) ?? [],
    async change(id, fields) {
      const key = keys.find((one) => one.id === id)
      return key === undefined ? 'absent' : Object.assign(key, fields)
    },
    async setVersionState(key, version, state) {
      const of = versions.get(key.id) ?? []
      versions.set(
        key.id,
        of.map((one) => (one.row.version === version ? { ...one, state } : one)),
      )
      return true
    },
    async insert(row, version) {
      if (row.label && keys.some((one) => one.label === row.label && one.destroy_at === null))
        return 'name-taken'
      return place(row, version)
    },
    addVersion: unused,
    async changeStates(key, { from, to }, lifecycle) {
      const own = versions.get(key.id) ?? []
      if (!own.some(({ state }) => from.includes(state))) return 'moved'
      versions.set(
        key.id,
        own.map((one) => ({ ...one, state: to })),
      )
      return Object.assign(key, { lifecycle: { ...key.lifecycle, ...lifecycle } })
    },
    async destroy(key, lifecycle, at) {
      const own = versions.get(key.id) ?? []
      if (own.some(({ state }) => state === 'enabled')) return 'moved'
      versions.set(
        key.id,
        own.map((one) => ({ ...one, state: 'destroyed' })),
      )
      bytes.delete(key.id)
      return Object.assign(key, {
        ...{ is_disabled: true, destroy_at: at },
        lifecycle: { ...key.lifecycle, ...lifecycle },
      })
    },
    async replace(old, row, version) {
      if (old.lifecycle.replacedBy !== undefined) return 'moved'
      Object.assign(old, { label: null, lifecycle: { ...old.lifecycle, replacedBy: row.id } })
      return place(row, version)
    },
    async countRawUses(id, uses, most) {
      const key = keys.find((one) => one.id === id)
      if (key === undefined || Number(key.raw_uses) + uses > most) return false
      key.raw_uses = String(Number(key.raw_uses) + uses)
      return true
    },
    destroyDue: unused,
    claimRotation: unused,
    putOffRotation: unused,
    findProject: async (id) =>
      id === 'p' || id === 'q'
        ? {
            ...{ id, organisation_id: 'o', name: id, created_at: new Date(0) },
            ...{ plain_export: allowed === 'yes', wrapped_export: allowed === 'wrapped' },
          }
        : 'absent',
  }
  function place(row: Insertable<KeyTable>, { row: wrapped, mac, state = 'enabled' }: NewVersion): StoredKey {
    const made: StoredKey = {
      ...{ is_disabled: false, min_decrypt_version: 1, created_by: null, destroy_at: null, usage_mask: null },
      ...{ is_exportable: false, is_sensitive: true, threshold: null, fhe_key_id: null },
      ...{
        rotate_every_days: null,
        rotate_at: null,
        raw_uses: '0',
        label: null,
        created_at: now(),
        updated_at: now(),
      },
      ...(row as unknown as StoredKey),
      attributes: JSON.parse(row.attributes ?? '[]'),
      lifecycle: JSON.parse(row.lifecycle ?? '{}'),
    }
    keys.push(made)
    versions.set(made.id, [{ row: wrapped, mac, state, createdAt: now() }])
    return made
  }
  const unwrapping: KeyUnwrapping = {
    isShredded: () => false,
    useKey: async (key, _, work) => work(bytes.get(key.id) ?? new Uint8Array(0)),
    async wrapKey(project, { id, version, algorithm, origin = 'online' }, key) {
      bytes.set(id, Uint8Array.from(key))
      return {
        row: {
          level: 'data',
          ...{ owner: id, parent: project, id, version, algorithm, wrapped: new Uint8Array(0) },
          ...{ wrappingKekId: project, wrappingKekVersion: 1, origin, bundleDigest: null },
        },
        mac: new Uint8Array(0),
      }
    },
    moveKey: unused,
    tokenMac: unused,
    forgetAll: () => undefined,
    close: () => undefined,
  }
  const record: Record = async (call, operation, work) => {
    const subject: Subject = {
      ...{ organisation: null, project: null, key: null, version: null },
      ...{ input: [], output: [], operation, asked: '' },
    }
    const outcome = await work(subject)
    audited.push(`${call.door} ${call.caller.identity} ${operation} ${outcome.ok ? 'ok' : outcome.rule}`)
    return outcome
  }

  return {
    keys: openKeyOperations({
      repository,
      unwrapping,
      record,
      approvals: { ...unapproved, take: take ?? unused },
      now,
    }),
    audited,
    /** From now on, in every project. */
    letPlainKeys(now: PlainKeys) {
      allowed = now
    },
    bytesOf: (id: string): Uint8Array => bytes.get(id) ?? new Uint8Array(0),
    rows: keys,
    callAs: (grants: readonly Grant[]): Call => ({
      caller: { identity: 'officer', grants },
      door: 'direct',
      reqId: 'r',
      receipt: null,
    }),
    add(id: string, name: string, fields: Partial<StoredKey> = {}): StoredKey {
      const created_at = fields.created_at ?? new Date(1_700_000_000_000 + keys.length * 1000)
      const key: StoredKey = {
        ...{ id, name, created_at, updated_at: created_at, envelope_id: Buffer.from(envelopeKeyId(id)) },
        ...{ organisation_id: 'o', project_id: 'p', description: null, key_usage: 'encrypt-decrypt' },
        ...{ algorithm: 'aes-256-gcm', current_version: 1, min_decrypt_version: 1, is_disabled: false },
        ...{ created_by: null, destroy_at: null, is_exportable: false, threshold: null },
        ...{ rotate_every_days: null, rotate_at: null, fhe_key_id: null },
        ...{
          label: null,
          is_sensitive: true,
          usage_mask: null,
          raw_uses: '0',
        },
        ...{ attributes: [], lifecycle: {} },
        ...fields,
      }
      // What the tests make is one of them.
      const { planned, usage } = algorithms[key.algorithm as KeyAlgorithm]
      key.key_usage = usage
      keys.push(key)
      bytes.set(id, new Uint8Array(randomBytes(key.algorithm === 'aes-128-gcm' ? 16 : 32)))
      const row: WrappedRow = {
        level: 'data',
        ...{ owner: id, parent: key.project_id, id, version: 1, algorithm: planned },
        ...{ wrapped: new Uint8Array(0), wrappingKekId: key.project_id, wrappingKekVersion: 1 },
        ...{ origin: 'online', bundleDigest: null },
      }
      versions.set(id, [{ row, mac: new Uint8Array(0), state: 'enabled', createdAt: created_at }])
      return key
    },
  }
}
