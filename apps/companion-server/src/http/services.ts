import type { AuditWriter } from '../audit/writer.ts'
import type { Authentication } from '../auth/tokens.ts'
import type { Database } from '../database/open.ts'
import type { DeskParts } from '../fhe/requests.ts'
import type { BundleImporter } from '../import/importer.ts'
import type { KeyStore } from '../keys/key-store.ts'
import type { StateFolder } from '../state/folder.ts'
import type { ServerToken } from '../token/server-token.ts'

/** What a running server is made of. */
export type Services = {
  readonly state: StateFolder
  readonly audience: string
  readonly database: Database
  readonly token: ServerToken
  readonly keys: KeyStore
  readonly audit: AuditWriter
  readonly authentication: Authentication
  readonly importer: BundleImporter
  /** Where requests to threshold keys are kept and answered. */
  readonly desk: DeskParts
  now(): Date
}
