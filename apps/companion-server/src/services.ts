import type { AwsKeys } from './access/aws-keys.ts'
import type { KmipClients, KmipRegistry } from './access/kmip-clients.ts'
import type { Access, Governing } from './access/operations.ts'
import type { PersonLogIns } from './access/person-log-in.ts'
import type { SetUp } from './access/set-up.ts'
import type { Authentication } from './access/tokens.ts'
import type { Authenticators } from './access/webauthn/authenticators.ts'
import type { AlertOperations } from './alerts/operations.ts'
import type { AuditOperations } from './audit/operations.ts'
import type { Record } from './audit/record.ts'
import type { Strangers } from './audit/strangers.ts'
import type { TreeLog } from './audit/tree-log.ts'
import type { Witness } from './audit/witnesses.ts'
import type { AuditWriter } from './audit/writer.ts'
import type { ComplianceOperations } from './compliance/operations.ts'
import type { ExternalKeyOperations } from './external-kms/operations.ts'
import type { IdempotentCalls } from './idempotency/calls.ts'
import type { BundleImporter } from './imports/importer.ts'
import type { BundleOperations } from './imports/operations.ts'
import type { KekRotation } from './keys/kek-rotation.ts'
import type { KeyLifecycle } from './keys/lifecycle.ts'
import type { KeyOperations } from './keys/operations.ts'
import type { ReplacedRoots } from './keys/replaced-root.ts'
import type { KeyUnwrapping } from './keys/unwrapping.ts'
import type { WorkerFigures } from './metrics.ts'
import type { Clock } from './platform/clock.ts'
import type { SealedDatabase } from './platform/database/authority/authority.ts'
import type { ServerToken } from './platform/hsm/server-token.ts'
import type { Draining } from './platform/http/draining.ts'
import type { SharedCounts } from './platform/shared-counts.ts'
import type { StateFolder } from './platform/state-folder/folder.ts'
import type { Telemetry } from './platform/telemetry.ts'
import type { Readiness } from './readiness.ts'
import type { SignOn } from './sign-on/operations.ts'
import type { ThresholdOperations } from './threshold/operations.ts'
import type { ThresholdParts } from './threshold/requests.ts'

/** What a running server is made of. Its doors are given `keys`, `bundles` and `threshold`, and no way around them. */
export type Services = Omit<Governing & Access, 'organisations' | 'people' | 'authenticators'> & {
  readonly state: StateFolder
  readonly audience: string
  readonly database: SealedDatabase
  readonly token: ServerToken
  readonly unwrapping: KeyUnwrapping
  readonly audit: AuditWriter
  readonly record: Record
  readonly strangers: Strangers
  readonly auditLog: AuditOperations
  readonly treeLog: TreeLog
  readonly witnesses: readonly Witness[]
  readonly compliance: ComplianceOperations
  readonly authentication: Authentication
  readonly calls: IdempotentCalls
  readonly importer: BundleImporter
  readonly keys: KeyOperations
  readonly lifecycle: KeyLifecycle
  readonly external: ExternalKeyOperations
  readonly bundles: BundleOperations
  readonly kmipClients: KmipClients
  readonly kmipRegistry: KmipRegistry
  readonly organisations: Governing['organisations'] & SetUp
  readonly rotation: KekRotation
  readonly replacedRoots: ReplacedRoots
  readonly people: Access['people'] & PersonLogIns
  readonly authenticators: Access['authenticators'] & Authenticators
  readonly signOn: SignOn
  readonly alerts: AlertOperations
  readonly awsKeys: AwsKeys
  readonly threshold: ThresholdOperations
  readonly draining: Draining
  /** Null where there is no REDIS_URL. */
  readonly sharedCounts: SharedCounts | null
  /** Null where this process is the only one that serves. */
  readonly workerFigures: WorkerFigures | null
  readonly telemetry: Telemetry
  /** Where requests to threshold keys are kept and answered. */
  readonly desk: ThresholdParts
  readonly clock: Clock
  readonly readiness: Readiness
  now(): Date
}
