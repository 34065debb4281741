import { isIPv4 } from 'node:net'
import { pino } from 'pino'
import type { Seal } from '../platform/hsm/server-token.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { readSettings } from '../platform/state-folder/settings.ts'
import { EnvironmentError } from '../refusal.ts'
import { openServer } from '../server.ts'

export type Listening = { readonly address: string; readonly sealed: Seal | null; close(): Promise<void> }

export type Listen = { readonly host: string; readonly port: number; readonly behindTlsProxy?: boolean }

/**
 * Serves plain HTTP: TLS for others is a proxy's work until the server has its own. Throws ADDRESS-UNENCRYPTED where others could
 * read what production says, and nobody has said that a proxy encrypts it.
 */
export async function startServer(
  state: StateFolder,
  { host, port, behindTlsProxy = false }: Listen,
): Promise<Listening> {
  const { domain } = await readSettings(state)
  if (domain === 'production' && !behindTlsProxy && !isLoopback(host)) {
    throw new EnvironmentError(
      'ADDRESS-UNENCRYPTED',
      `${host} is reached from other machines, over plain HTTP`,
    )
  }
  const { app, services } = await openServer(state, openLog())
  try {
    const address = await app.listen({ host, port })
    return { address, sealed: services.token.sealed, close: () => app.close() }
  } catch (error) {
    await app.close()
    throw error
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}

/**
 * Asked for before the server is started, so that whoever stops it as soon as it says that it is ready, or while it starts, has
 * it stopped in order. Waiting: until SIGINT or SIGTERM.
 */
export function stopSignal(): Promise<void> {
  return new Promise((done) => {
    process.once('SIGINT', () => done())
    process.once('SIGTERM', () => done())
  })
}

/** JSON lines on stderr: stdout is for a command's one result. Headers, bodies and query strings are never written. */
function openLog(level = 'info') {
  return pino(
    {
      level,
      redact: {
        paths: ['*.clientSecret', '*.accessToken', '*.plaintext', '*.pin', '*.authorization'],
        remove: true,
      },
      serializers: {
        req: (request: { method: string; routeOptions?: { url?: string }; id: string }) => ({
          method: request.method,
          route: request.routeOptions?.url ?? null,
        }),
        res: (reply: { statusCode: number }) => ({ status: reply.statusCode }),
      },
    },
    pino.destination({ dest: 2, sync: true }),
  )
}
