import { setTimeout } from 'node:timers/promises'
import { openCluster } from '../kubernetes/cluster.ts'
import { openOperator } from '../kubernetes/operator.ts'
import { EnvironmentError } from '../refusal.ts'
import { authorityOf, clientOf, originOf, type ServerOptions } from './kubernetes-plugin.ts'
import { say } from './result.ts'

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
    ...{ api: originOf('--api', options.api), ca: await authorityOf(options.apiCa) },
    ...{ tokenFile: options.tokenFile, namespace: options.namespace ?? null },
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
