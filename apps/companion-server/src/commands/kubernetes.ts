import { setTimeout } from 'node:timers/promises'
import { openCluster } from '../kubernetes/cluster.ts'
import { openOperator } from '../kubernetes/operator.ts'
import { openPlugin } from '../kubernetes/plugin.ts'
import { openServerClient, readCredentials, type ServerClient } from '../kubernetes/server-client.ts'
import { requirePrivate } from '../platform/state-folder/private-file.ts'
import { EnvironmentError } from '../refusal.ts'
import { readGiven } from './given-file.ts'
import { say } from './result.ts'

export type PluginOptions = ServerOptions & {
  readonly socket: string
  readonly key: string
  readonly cluster: string
}

const maxAuthority = 1 << 16

/** Throws PLUGIN-SETTINGS, PLUGIN-CREDENTIALS and as `openPlugin`. */
export async function startPlugin(options: PluginOptions): Promise<{ close(): Promise<void> }> {
  const { socket, key, cluster } = options
  const client = await clientOf(options)
  try {
    return await openPlugin({ client, key, socket, cluster, said: (line) => say([line]) })
  } catch (error) {
    client.close()
    throw error
  }
}

export type ServerOptions = { readonly server: string; readonly credentials: string; readonly ca?: string }

/** Throws PLUGIN-SETTINGS and PLUGIN-CREDENTIALS. */
export async function clientOf({ server, credentials, ca }: ServerOptions): Promise<ServerClient> {
  await readCredentials(credentials)
  await requirePrivate(credentials)
  return openServerClient({ server: originOf('--server', server), ca: await authorityOf(ca), credentials })
}

/** PEM; null: the authorities that Node trusts. */
export async function authorityOf(file: string | undefined): Promise<string | null> {
  return file === undefined ? null : Buffer.from(await readGiven(file, maxAuthority)).toString()
}

/** Throws PLUGIN-SETTINGS. */
export function originOf(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null
  const bare = url?.protocol === 'https:' && url.pathname === '/' && url.search === '' && url.username === ''
  if (bare) return url
  throw new EnvironmentError('PLUGIN-SETTINGS', `${option}: expected an https origin, as https://kms:8443`)
}

export type OperatorOptions = ServerOptions & {
  readonly api: string
  readonly apiCa?: string
  readonly tokenFile: string
  readonly namespace?: string
}

const lookMs = 5000

/** Throws PLUGIN-SETTINGS, PLUGIN-CREDENTIALS, and OPERATOR-CLUSTER where the first look at the cluster is refused. */
export async function startOperator(options: OperatorOptions): Promise<{ close(): Promise<void> }> {
  const client = await clientOf(options)
  const cluster = openCluster({
    api: originOf('--api', options.api),
    ca: await authorityOf(options.apiCa),
    tokenFile: options.tokenFile,
    namespace: options.namespace ?? null,
  })
  const said = (line: string) => say([line])
  const operator = openOperator({ cluster, client, now: Date.now, said })
  const stop = new AbortController()
  const close = () => {
    cluster.close()
    client.close()
  }
  try {
    await operator.look()
  } catch (error) {
    close()
    throw new EnvironmentError('OPERATOR-CLUSTER', messageOf(error), { cause: error })
  }
  const looking = (async () => {
    while (!stop.signal.aborted) {
      await setTimeout(lookMs, null, { signal: stop.signal }).catch(() => undefined)
      if (stop.signal.aborted) return
      await operator.look().catch((error: unknown) => said(`cluster: ${messageOf(error)}`))
    }
  })()
  return {
    async close() {
      stop.abort()
      await looking
      close()
    },
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown')
