import { buildApp } from './app.ts'
import { lifecycleTable } from './keys/lifecycle.ts'
import { keyTable } from './keys/operations.ts'
import { operationsOf } from './operations/pipeline.ts'
import type { Services } from './services.ts'

/** Tables are read, and none of their operations is run. */
export function tablesAlone() {
  const unrun = () => Promise.reject(new Error('there is no server'))
  return {
    keys: operationsOf(keyTable({} as Parameters<typeof keyTable>[0]), unrun),
    lifecycle: operationsOf(lifecycleTable({} as Parameters<typeof lifecycleTable>[0]), unrun),
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
