import { openLog } from '../log.ts'
import { openServer } from '../server.ts'
import type { StateFolder } from '../state/folder.ts'
import type { Seal } from '../token/server-token.ts'

export type Listening = { readonly address: string; readonly sealed: Seal | null; close(): Promise<void> }

/** Serves on a loopback address by default: TLS for others is a proxy's work until the server has its own. */
export async function startServer(
  state: StateFolder,
  { host, port }: { host: string; port: number },
): Promise<Listening> {
  const { app, services } = await openServer(state, openLog())
  try {
    const address = await app.listen({ host, port })
    return { address, sealed: services.token.sealed, close: () => app.close() }
  } catch (error) {
    await app.close()
    throw error
  }
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
