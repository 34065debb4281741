import { randomUUID } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { pino } from 'pino'
import { openKmipServer } from '../kmip/server.ts'
import { checkEnvironment, variable } from '../platform/environment.ts'
import type { Seal, ServerToken } from '../platform/hsm/server-token.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { readSettings } from '../platform/state-folder/settings.ts'
import {
  givenAuthority,
  givenCertificate,
  ownAuthority,
  ownCertificate,
  type TlsKey,
} from '../platform/tls/certificate.ts'
import { openServer } from '../server.ts'
import type { Services } from '../services.ts'

export type Listening = {
  readonly address: string
  /** Where a browser of this machine finds the console: by a name, since security keys know no numbers. */
  readonly console: string
  /** The port of KMIP; null where it is not served. */
  readonly kmipPort: number | null
  readonly sealed: Seal | null
  readonly services: Services
  /** Not ready any more, and answering still for DRAIN_SECONDS: before `close`, so that a balancer has seen it. */
  drain(): Promise<void>
  close(): Promise<void>
}

export type Listen = {
  readonly host: string
  readonly port: number
  readonly behindTlsProxy?: boolean
  /** The port of KMIP, 0 for a free one; absent: it is not served. */
  readonly kmip?: number
}

/**
 * Serves TLS 1.3, by TLS_CERT_FILE and TLS_KEY_FILE or a certificate of the server's own CA; plain HTTP only behind a proxy that is
 * said to encrypt. Throws TLS-FILES.
 */
export async function startServer(
  state: StateFolder,
  { host, port, behindTlsProxy = false, kmip }: Listen,
): Promise<Listening> {
  await readSettings(state)
  checkEnvironment(process.env)
  const [cert, key] = [variable('TLS_CERT_FILE'), variable('TLS_KEY_FILE')]
  const own = async () =>
    (await givenCertificate(cert, key)) ?? (await ownCertificate(state, host, new Date()))
  const tls = behindTlsProxy ? null : await own()
  const log = openLog(variable('LOG_LEVEL'))
  let listensAt: string | null = null
  const { app, services } = await openServer(state, log, { tls, listensAt: () => listensAt })
  try {
    const kmipPort =
      kmip === undefined
        ? null
        : await serveKmip(app, services, log, tls ?? (await own()), { host, port: kmip })
    const address = await app.listen({ host, port })
    // A browser on this machine is the only one that comes by this name.
    if (tls !== null && isLoopback(host))
      listensAt = new URL(`https://localhost:${new URL(address).port || port}`).origin
    const served = tls === null ? address : address.replace(/^http:/, 'https:')
    return {
      ...{ kmipPort, address: served, console: listensAt ?? served },
      sealed: services.token.sealed,
      services,
      async drain() {
        services.draining.begin()
        await wait(1000 * Number(variable('DRAIN_SECONDS') ?? 0))
      },
      close: () => app.close(),
    }
  } catch (error) {
    await app.close()
    throw error
  }
}

const isLoopback = (host: string): boolean => ['127.0.0.1', '::1', 'localhost'].includes(host)

/** Closed before the app, whose services it answers with. Throws TLS-FILES where KMIP_CLIENT_CA_FILE is no certificate. */
async function serveKmip(
  app: Awaited<ReturnType<typeof openServer>>['app'],
  services: Services,
  log: ReturnType<typeof openLog>,
  tls: TlsKey,
  place: { readonly host: string; readonly port: number },
): Promise<number> {
  const other = await givenAuthority(variable('KMIP_CLIENT_CA_FILE'))
  const server = openKmipServer({
    tls,
    authorities: [await ownAuthority(services.state, new Date()), ...(other === null ? [] : [other])],
    clients: services.kmipClients,
    answering: {
      keys: services.keys,
      now: services.now,
      newReqId: () => randomUUID(),
      fault: (error) => log.error({ error: nameOf(error) }, 'a KMIP operation failed'),
    },
    log,
  })
  const port = await server.listen(place)
  app.addHook('preClose', () => server.close())
  return port
}

/** Name and place of a fault: its message could quote what it was working on. */
const nameOf = (error: unknown): string =>
  error instanceof Error
    ? `${error.name} ${error.stack?.split('\n').slice(1, 4).join(' ').trim() ?? ''}`
    : typeof error

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

/** Said at every start of a server whose root is in no token. */
export function rootLine(root: ServerToken['root']): readonly string[] {
  const said = {
    token: [],
    environment: ['root: ROOT_ENCRYPTION_KEY, no token: whoever has that key and the database has every key'],
    provider: [
      'root: sealed by a KMS, no token: whoever may decrypt there and has the database has every key',
    ],
  }
  return said[root]
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
