import type { Authentication } from './access/tokens.ts'
import type { AuditWriter } from './audit/writer.ts'
import type { BundleImporter } from './imports/importer.ts'
import type { KeyStore } from './keys/unwrapping.ts'
import type { Database } from './platform/database/open.ts'
import type { ServerToken } from './platform/hsm/server-token.ts'
import type { StateFolder } from './platform/state-folder/folder.ts'
import type { DeskParts } from './threshold/requests.ts'

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
