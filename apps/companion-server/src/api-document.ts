import { alertTable } from './alerts/operations.ts'
import { buildApp } from './app.ts'
import { externalKeyTable } from './external-kms/operations.ts'
import { openKekRotation } from './keys/kek-rotation.ts'
import { lifecycleTable } from './keys/lifecycle.ts'
import { keyTable } from './keys/operations.ts'
import { operationsOf } from './operations/pipeline.ts'
import type { Services } from './services.ts'

/** Tables are read, and none of their operations is run. */
export function tablesAlone() {
  // Parts are for what runs.
  const parts = {} as Parameters<typeof externalKeyTable>[0] &
    Parameters<typeof lifecycleTable>[0] &
    Parameters<typeof alertTable>[0] &
    Parameters<typeof openKekRotation>[0]
  const unrun = () => Promise.reject(new Error('there is no server'))
  return {
    alerts: operationsOf(alertTable(parts), unrun),
    keys: operationsOf(keyTable(parts), unrun),
    external: operationsOf(externalKeyTable(parts), unrun),
    lifecycle: operationsOf(lifecycleTable(parts), unrun),
    rotation: openKekRotation(parts),
  }
}

/**
 * The document of the API without a server: every route is registered, and there is nothing behind it that could be called. It is
 * what a server gives at /api/openapi.json.
 */
export async function apiDocument(): Promise<object> {
  const nothing = {
    ...tablesAlone(),
    bundles: { maxBytes: 1 },
    desk: { domain: 'rehearsal' },
    signOn: {},
    telemetry: { observe: () => undefined },
  }
  // No route is called: what is only registered asks for nothing else.
  const app = await buildApp(nothing as unknown as Services, false)
  await app.ready()
  try {
    return app.swagger()
  } finally {
    await app.close()
  }
}
