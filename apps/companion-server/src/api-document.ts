import { buildApp } from './app.ts'
import { tablesAlone } from './operations/tables.ts'
import type { Services } from './services.ts'

/**
 * The document of the API without a server: every route is registered, and there is nothing behind it that could be called. It is
 * what a server gives at /api/openapi.json.
 */
export async function apiDocument(): Promise<object> {
  const nothing = {
    ...tablesAlone(),
    desk: { domain: 'rehearsal' },
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
