import type { ColumnType, Generated } from 'kysely'
import type { BigInt64, Document, MadeTime, Time } from '../../database/column-types.ts'
import type { FheTables } from '../../database/fhe-tables.ts'

export type KeyOrigin = 'ceremony' | 'online'
export type VersionState = 'enabled' | 'decrypt-only' | 'disabled' | 'destroyed'
export type RootState = 'staged' | 'current' | 'retained'
export type ImportState = 'staged' | 'imported' | 'refused'
export type Role = 'user' | 'reader' | 'operator'

export type DeploymentTable = {
  id: string
  domain: string
  card: Document
  audience: string
  created_at: MadeTime
}

export type NodeTable = {
  id: string
  deployment_id: string
  token_serial: string
  created_at: MadeTime
}

export type PolicyTable = {
  digest: string
  version: number
  domain: string
  document: string
  pinned_at: MadeTime
}

/** One row for each root that a bundle brought: where it is in the token, and what was read back there. */
export type RootConfigTable = {
  root_id: string
  node_id: string
  cka_id: string
  version: number
  state: RootState
  mechanism: string
  possession: string
  attributes: Document
  bundle_digest: string
  created_at: MadeTime
}

export type OrganisationTable = {
  id: string
  name: string
  ceremony_only: Generated<boolean>
  created_at: MadeTime
}

export type ProjectTable = {
  id: string
  organisation_id: string
  name: string
  created_at: MadeTime
}

/** What a wrapped key's row has at every level; `mac` covers all but state and created_at. */
type WrappedColumns = {
  version: number
  algorithm: string
  wrapped: Buffer
  wrapping_kek_id: string
  wrapping_kek_version: number
  origin: KeyOrigin
  bundle_digest: string | null
  state: VersionState
  mac: Buffer
  created_at: MadeTime
}

export type OrganisationKekTable = WrappedColumns & { kek_id: string; organisation_id: string }
export type ProjectKekTable = WrappedColumns & { kek_id: string; project_id: string }

export type KeyTable = {
  id: string
  envelope_id: Buffer
  organisation_id: string
  project_id: string
  name: string
  description: string | null
  key_usage: string
  algorithm: string
  current_version: number
  min_decrypt_version: Generated<number>
  is_disabled: Generated<boolean>
  created_at: MadeTime
  updated_at: MadeTime
}

export type KeyVersionTable = WrappedColumns & { key_id: string }

export type BundleImportTable = {
  id: Generated<BigInt64>
  digest: string | null
  file_digest: string
  audience: string | null
  ceremony_id: string | null
  sequence: BigInt64 | null
  previous: string | null
  policy_digest: string | null
  state: ImportState
  rule: string | null
  /** The signed receipt or refusal, canonical JSON; null while staged. */
  receipt: string | null
  provenance: ColumnType<unknown, string | null, string | null>
  created_at: MadeTime
  finished_at: ColumnType<Date | null, Date | string | null, Date | string | null>
}

export type IdentityTable = {
  id: string
  name: string
  role: Role
  organisation_id: string | null
  project_id: string | null
  client_id: string
  client_secret_hash: Buffer
  token_ttl_seconds: number
  created_at: MadeTime
  revoked_at: ColumnType<Date | null, Date | string | null, Date | string | null>
}

export type TokenTable = {
  hash: Buffer
  identity_id: string
  created_at: MadeTime
  expires_at: Time
  revoked_at: ColumnType<Date | null, Date | string | null, Date | string | null>
}

/** Failed logins in a window, keyed by (account, source): knowing an account's name locks nobody else out. */
export type LoginFailureTable = {
  account: string
  source: string
  failures: number
  window_started_at: Time
}

export type AuditTable = {
  writer: string
  seq: BigInt64
  prev: Buffer
  salt: Buffer
  entry: string
  hash: Buffer
  req_id: string
  identity_id: string | null
  project_id: string | null
  time: Time
}

export type Tables = {
  deployment: DeploymentTable
  node: NodeTable
  policy: PolicyTable
  root_config: RootConfigTable
  organisation: OrganisationTable
  organisation_kek: OrganisationKekTable
  project: ProjectTable
  project_kek: ProjectKekTable
  key: KeyTable
  key_version: KeyVersionTable
  bundle_import: BundleImportTable
  identity: IdentityTable
  token: TokenTable
  login_failure: LoginFailureTable
  audit: AuditTable
} & FheTables
