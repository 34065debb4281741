import { randomUUID } from 'node:crypto'
import { renewCertificate } from '../app.ts'
import { type KmipServer, openKmipServer } from '../doors/kmip/server.ts'
import { variable } from '../platform/environment.ts'
import { followCertificate, givenAuthority, ownAuthority, type TlsKey } from '../platform/tls/certificate.ts'
import type { OpenServer } from '../server.ts'
import { type Log, nameOf } from './log.ts'

export type Doors = {
  readonly host: string
  readonly port: number
  /** Null: plain HTTP, behind a proxy that encrypts. */
  readonly tls: TlsKey | null
  /** Null: KMIP is not served. */
  readonly kmip: { readonly port: number; readonly tls: TlsKey } | null
}

/** Opens the doors of a server that is whole. Throws what the system says of the port. */
export async function openDoors(
  { app, services }: Pick<OpenServer, 'app' | 'services'>,
  log: Log,
  { host, port, tls, kmip }: Doors,
): Promise<{ readonly address: string; readonly kmipPort: number | null }> {
  const binary =
    kmip === null ? null : await serveKmip(app, services, log, kmip.tls, { host, port: kmip.port })
  const [certFile, keyFile] = [variable('TLS_CERT_FILE'), variable('TLS_KEY_FILE')]
  if (certFile !== undefined && keyFile !== undefined) {
    const following = followCertificate(
      { certFile, keyFile },
      {
        renewed(next) {
          if (tls !== null) renewCertificate(app, next)
          binary?.server.renew(next)
          log.info('TLS_CERT_FILE and TLS_KEY_FILE hold another certificate: it is used from now on')
        },
        failed: (error) =>
          log.error({ code: 'TLS-FILES', error: String(error) }, 'the certificate of before stays in use'),
      },
    )
    app.addHook('preClose', async () => following.stop())
  }
  const kmipPort = binary?.port ?? null
  // Fastify does not know that the server it was given encrypts.
  const spoken = (address: string) => (tls === null ? address : address.replace(/^http:/, 'https:'))
  const listenTextResolver = (address: string) => `Server listening at ${spoken(address)}`
  return { address: spoken(await app.listen({ host, port, listenTextResolver })), kmipPort }
}

/** Where a browser finds the console: on this machine by a name, since security keys know no numbers. Null: nowhere by that name. */
export function consoleAt({ host, tls }: Pick<Doors, 'host' | 'tls'>, address: string): string | null {
  const loopback = ['127.0.0.1', '::1', 'localhost'].includes(host)
  return tls === null || !loopback ? null : `https://localhost:${new URL(address).port || '443'}`
}

/** Closed before the app, whose services it answers with. Throws TLS-FILES where KMIP_CLIENT_CA_FILE is no certificate. */
async function serveKmip(
  app: OpenServer['app'],
  services: OpenServer['services'],
  log: Log,
  tls: TlsKey,
  place: { readonly host: string; readonly port: number },
): Promise<{ readonly server: KmipServer; readonly port: number }> {
  const other = await givenAuthority(variable('KMIP_CLIENT_CA_FILE'))
  const server = openKmipServer({
    tls,
    authorities: [await ownAuthority(services.state, new Date()), ...(other === null ? [] : [other])],
    clients: services.kmipClients,
    strangers: services.strangers,
    draining: services.draining,
    answering: {
      keys: services.keys,
      roomFor: services.authentication.roomFor,
      now: services.now,
      newReqId: () => randomUUID(),
      fault: (error) => log.error({ error: nameOf(error) }, 'a KMIP operation failed'),
    },
    log,
  })
  const port = await server.listen(place)
  app.addHook('preClose', () => server.close())
  return { server, port }
}
