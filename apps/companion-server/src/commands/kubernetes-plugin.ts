import { openPlugin } from '../kubernetes/plugin.ts'
import { openServerClient, readCredentials } from '../kubernetes/server-client.ts'
import { requirePrivate } from '../platform/state-folder/private-file.ts'
import { EnvironmentError } from '../refusal.ts'
import { readGiven } from './given-file.ts'
import { say } from './result.ts'

export type PluginOptions = {
  readonly socket: string
  readonly server: string
  readonly key: string
  readonly credentials: string
  readonly cluster: string
  readonly ca?: string
}

const maxAuthority = 1 << 16

/** Throws PLUGIN-SETTINGS, PLUGIN-CREDENTIALS and as `openPlugin`. */
export async function startPlugin(options: PluginOptions): Promise<{ close(): Promise<void> }> {
  const { socket, key, cluster, credentials } = options
  const server = originOf(options.server)
  if (server === null)
    throw new EnvironmentError('PLUGIN-SETTINGS', '--server: expected an https origin, as https://kms:8443')
  await readCredentials(credentials)
  await requirePrivate(credentials)
  const ca =
    options.ca === undefined ? null : Buffer.from(await readGiven(options.ca, maxAuthority)).toString()
  const client = openServerClient({ server, ca, credentials })
  try {
    return await openPlugin({ client, key, socket, cluster, said: (line) => say([line]) })
  } catch (error) {
    client.close()
    throw error
  }
}

function originOf(text: string): URL | null {
  const url = URL.canParse(text) ? new URL(text) : null
  const bare = url?.protocol === 'https:' && url.pathname === '/' && url.search === '' && url.username === ''
  return bare ? url : null
}
