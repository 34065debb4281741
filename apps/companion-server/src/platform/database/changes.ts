import pg from 'pg'
import { changesChannel } from './migrations.ts'

export type Change = 'access' | 'keys'

/** What is done when the database says that another process, or this one, changed something. */
export type Forgetting = { readonly [Kind in Change]: () => void }

const retryMs = 500

/**
 * Hears by LISTEN what changed, on a connection of its own. It is a hint, which makes caches shorter: what is kept expires within a second
 * without it. Everything is forgotten whenever the connection was lost, since what was said meanwhile was not heard.
 */
export function openChanges(settings: pg.ClientConfig, forgetting: Forgetting) {
  let client: pg.Client | null = null
  let retry: NodeJS.Timeout | null = null
  let closed = false
  let listening: Promise<void> = Promise.resolve()

  function forgetAll(): void {
    forgetting.access()
    forgetting.keys()
  }

  async function listen(): Promise<void> {
    const fresh = new pg.Client({ keepAlive: true, connectionTimeoutMillis: 4000, ...settings })
    const again = () => {
      if (closed || client !== fresh) return
      client = null
      forgetAll()
      retry = setTimeout(begin, retryMs)
      retry.unref()
    }
    client = fresh
    fresh.on('error', again)
    fresh.on('end', again)
    fresh.on('notification', ({ payload }) => {
      if (payload === 'access') forgetting.access()
      else if (payload === 'keys') forgetting.keys()
      else forgetAll()
    })
    try {
      await fresh.connect()
      await fresh.query(`listen ${changesChannel}`)
      forgetAll()
    } catch {
      again()
      await fresh.end().catch(() => undefined)
    }
  }
  function begin(): void {
    listening = listen()
  }

  begin()
  return {
    async close(): Promise<void> {
      closed = true
      if (retry !== null) clearTimeout(retry)
      await listening
      await client?.end().catch(() => undefined)
    },
  }
}
