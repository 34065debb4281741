import { kmipClientTable } from '../access/kmip-clients.ts'
import { accessTables, governingTables } from '../access/operations.ts'
import { alertTable } from '../alerts/operations.ts'
import { auditTable } from '../audit/operations.ts'
import { complianceTable } from '../compliance/operations.ts'
import { externalKeyTable } from '../external-kms/operations.ts'
import { bundleTable } from '../imports/operations.ts'
import { openKekRotation } from '../keys/kek-rotation.ts'
import { lifecycleTable } from '../keys/lifecycle.ts'
import { keyTable } from '../keys/operations.ts'
import { metricsTable } from '../metrics.ts'
import { providerTable } from '../sign-on/providers.ts'
import { scimTable } from '../sign-on/scim/operations.ts'
import { workloadTable } from '../sign-on/workloads/rules.ts'
import { thresholdTable } from '../threshold/operations.ts'
import type { AnyEntry } from './entry.ts'
import { allOperationsOf, operationsOf } from './pipeline.ts'

/** Tables are read, and none of their operations is run. */
export function tablesAlone() {
  // Parts are for what runs.
  const parts = {} as Parameters<typeof externalKeyTable>[0] &
    Parameters<typeof lifecycleTable>[0] &
    Parameters<typeof alertTable>[0] &
    Parameters<typeof auditTable>[0] &
    Parameters<typeof bundleTable>[0] &
    Parameters<typeof complianceTable>[0] &
    Parameters<typeof kmipClientTable>[0] &
    Parameters<typeof metricsTable>[0] &
    Parameters<typeof openKekRotation>[0] &
    Parameters<typeof thresholdTable>[0] &
    Parameters<typeof accessTables>[0] &
    Parameters<typeof governingTables>[0] &
    Parameters<typeof providerTable>[0] &
    Parameters<typeof workloadTable>[0]
  const unrun = () => Promise.reject(new Error('there is no server'))
  return {
    alerts: operationsOf(alertTable(parts), unrun),
    auditLog: operationsOf(auditTable(parts), unrun),
    bundles: operationsOf(bundleTable(parts), unrun),
    compliance: operationsOf(complianceTable(parts), unrun),
    external: operationsOf(externalKeyTable(parts), unrun),
    keys: operationsOf(keyTable(parts), unrun),
    kmipRegistry: operationsOf(kmipClientTable(parts), unrun),
    lifecycle: operationsOf(lifecycleTable(parts), unrun),
    metrics: operationsOf(metricsTable(parts), unrun),
    rotation: openKekRotation(parts),
    signOn: operationsOf({ ...providerTable(parts), ...scimTable(parts), ...workloadTable(parts) }, unrun),
    ...allOperationsOf({ ...accessTables(parts), ...governingTables(parts) }, unrun),
    threshold: operationsOf(thresholdTable(parts), unrun),
  }
}

/** Every entry of every table. */
export const entries = (): readonly AnyEntry[] =>
  Object.values(tablesAlone())
    .flatMap((table) => Object.values<object>(table))
    .flatMap((one) => ('entry' in one ? [one.entry as AnyEntry] : []))
