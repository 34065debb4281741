import { pino } from 'pino'
import type { Seal } from '../platform/hsm/server-token.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { readSettings } from '../platform/state-folder/settings.ts'
import { givenCertificate, ownCertificate } from '../platform/tls/certificate.ts'
import { openServer } from '../server.ts'
import type { Services } from '../services.ts'

export type Listening = {
  readonly address: string
  readonly sealed: Seal | null
  readonly services: Services
  close(): Promise<void>
}

export type Listen = { readonly host: string; readonly port: number; readonly behindTlsProxy?: boolean }

/**
 * Serves TLS 1.3, by TLS_CERT_FILE and TLS_KEY_FILE or a certificate of the server's own CA; plain HTTP only behind a proxy that is
 * said to encrypt. Throws TLS-FILES.
 */
export async function startServer(
  state: StateFolder,
  { host, port, behindTlsProxy = false }: Listen,
): Promise<Listening> {
  await readSettings(state)
  const { TLS_CERT_FILE: cert, TLS_KEY_FILE: key } = process.env
  const tls = behindTlsProxy
    ? null
    : ((await givenCertificate(cert, key)) ?? (await ownCertificate(state, host, new Date())))
  const { app, services } = await openServer(state, openLog(), { tls })
  try {
    const address = await app.listen({ host, port })
    return {
      address: tls === null ? address : address.replace(/^http:/, 'https:'),
      sealed: services.token.sealed,
      services,
      close: () => app.close(),
    }
  } catch (error) {
    await app.close()
    throw error
  }
}

/**
 * Asked for before the server is started, so that whoever stops it as soon as it says that it is ready, or while it starts, has
 * it stopped in order. Waiting: until SIGINT, SIGTERM or SIGHUP.
 */
export function stopSignal(): Promise<void> {
  return new Promise((done) => {
    // Not once: `timeout` and npm send the same signal again, and the second would end the process before PostgreSQL is stopped.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => done())
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
