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
