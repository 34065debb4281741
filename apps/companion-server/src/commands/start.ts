import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { setTimeout as wait } from 'node:timers/promises'
import { checkEnvironment, variable } from '../platform/environment.ts'
import type { Seal } from '../platform/hsm/log-in.ts'
import type { ServerToken } from '../platform/hsm/server-token.ts'
import type { StateFolder } from '../platform/state-folder/folder.ts'
import { writeWhole } from '../platform/state-folder/private-file.ts'
import { readSettings } from '../platform/state-folder/settings.ts'
import { givenCertificate, ownCertificate } from '../platform/tls/certificate.ts'
import { openServer } from '../server.ts'
import type { Services } from '../services.ts'
import { containFaults } from '../workers/contain-faults.ts'
import { consoleAt, openDoors } from '../workers/doors.ts'
import { openLog } from '../workers/log.ts'
import { startWorkers } from '../workers/workers.ts'

export type Listening = {
  readonly address: string
  /** Where a browser of this machine finds the console: by a name, since security keys know no numbers. */
  readonly console: string
  /** The port of KMIP; null where it is not served. */
  readonly kmipPort: number | null
  readonly sealed: Seal | null
  readonly services: Services
  /** Of the workers that live now; none where this process serves alone. */
  readonly workers: readonly number[]
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
  /** Processes that serve, beside this one, which holds the token; absent or 1: this one serves alone. */
  readonly workers?: number
}

/** As many processes as the environment says, else one a core in production and one in a rehearsal. */
export async function chosenWorkers(state: StateFolder): Promise<number> {
  const { domain } = await readSettings(state)
  return Number(variable('WORKERS') ?? (domain === 'production' ? availableParallelism() : 1))
}

/**
 * Serves TLS 1.3, by TLS_CERT_FILE and TLS_KEY_FILE or a certificate of the server's own CA; plain HTTP only behind a proxy that is
 * said to encrypt. Throws TLS-FILES.
 */
export async function startServer(
  state: StateFolder,
  { host, port, behindTlsProxy = false, kmip, workers: count = 1 }: Listen,
): Promise<Listening> {
  await readSettings(state)
  checkEnvironment(process.env)
  const [cert, key] = [variable('TLS_CERT_FILE'), variable('TLS_KEY_FILE')]
  const own = async () =>
    (await givenCertificate(cert, key)) ?? (await ownCertificate(state, host, new Date(), otherNames()))
  const tls = behindTlsProxy ? null : await own()
  const doors = {
    host,
    port,
    tls,
    kmip: kmip === undefined ? null : { port: kmip, tls: tls ?? (await own()) },
  }
  const log = openLog(variable('LOG_LEVEL'))
  if (behindTlsProxy && variable('TRUSTED_PROXIES') === undefined)
    log.warn(
      'TRUSTED_PROXIES names no proxy: all callers have one address, and whoever fails to log in often makes everybody wait',
    )
  let listensAt: string | null = null
  const { app, services, databaseSettings } = await openServer(state, log, {
    tls,
    listensAt: () => listensAt,
  })
  try {
    const database = { ...databaseSettings, max: connectionsOf(count) }
    const workers =
      count > 1
        ? await startWorkers(count, { state: state.root, database, ...doors }, services.token, log)
        : null
    const { address, kmipPort } = workers ?? (await openDoors({ app, services }, log, doors))
    listensAt = consoleAt(doors, address)
    const endContaining = containFaults(log)
    return {
      address,
      kmipPort,
      console: listensAt ?? address,
      sealed: services.token.sealed,
      services,
      get workers() {
        return workers?.pids ?? []
      },
      async drain() {
        services.draining.begin()
        workers?.drain()
        await wait(1000 * Number(variable('DRAIN_SECONDS') ?? 0))
      },
      async close() {
        await workers?.close()
        await app.close()
        endContaining()
      },
    }
  } catch (error) {
    await app.close()
    throw error
  }
}

/** By which clients reach this server, besides the host that it listens at. */
function otherNames(): string[] {
  const publicUrl = variable('PUBLIC_URL')
  return [
    ...(variable('TLS_NAMES')?.split(',') ?? []),
    ...(publicUrl === undefined || !URL.canParse(publicUrl) ? [] : [new URL(publicUrl).hostname]),
  ]
}

/** PostgreSQL takes 100 unless told otherwise: each worker has so many and one to listen on, and this process ten of its own. */
const connectionsOf = (workers: number): number => Math.max(2, Math.min(10, Math.floor(72 / workers)))

/** What `npm run server` says before it makes or opens anything. */
export const startingLine = (state: StateFolder): string =>
  `starting: a rehearsal server in ${state.root}${existsSync(state.settings) ? '' : '; the first start takes some seconds'}\n`

/**
 * What to say to whoever starts a server that has no admin yet: a set-up code for 15 minutes. Only a terminal is told the code itself: what
 * else stderr leads to is kept, as a log is. There it is in a file that only this account reads.
 */
export async function offerFirstAdmin(
  { setupCode }: Pick<StateFolder, 'setupCode'>,
  { services, console: place }: Pick<Listening, 'services' | 'console'>,
  terminal: boolean,
): Promise<readonly string[]> {
  const code = await services.organisations.offerSetup()
  if (code === null) {
    await rm(setupCode, { force: true })
    return []
  }
  const use = `type it at ${place}/console/ to become the first administrator`
  if (terminal) return [`setup code, 15 minutes: ${code} (${use})`]
  await writeWhole(setupCode, `${code}\n`)
  return [`setup code, 15 minutes: in ${setupCode} (${use})`]
}

/** Said at every start of a server whose root is in no hardware. */
export function rootLine(root: ServerToken['root']): readonly string[] {
  const said = {
    token: [],
    'soft-token': ['root: a software token: whoever has its files and its PIN has every key'],
    environment: ['root: ROOT_ENCRYPTION_KEY, no token: whoever has that key and the database has every key'],
    provider: [
      'root: sealed by a KMS, no token: whoever may decrypt there and has the database has every key',
    ],
  }
  return said[root]
}
