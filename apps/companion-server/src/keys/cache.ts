import { wipe } from '@lux/crypto'
import { LRUCache } from 'lru-cache'

const absolute = 60_000
const idle = 15_000

type Held = { readonly bytes: Uint8Array; readonly born: number; touched: number }

/** Unwrapped keys by the fingerprint of their wrapped blob: 60 s absolute, 15 s idle, zeroised when they leave. */
export type KeyCache = {
  /** Lends the key for as long as `work` runs, which is synchronous so that nothing is wiped under it. */
  use<Result>(
    fingerprint: string,
    load: () => Promise<Uint8Array>,
    work: (key: Uint8Array) => Result,
  ): Promise<Result>
  readonly size: number
  clear(): void
  close(): void
}

/** By a time that no change of the clock moves. */
export function openKeyCache(now: () => number = () => performance.now(), capacity = 1000): KeyCache {
  const held = new LRUCache<string, Held>({ max: capacity, dispose: ({ bytes }) => wipe(bytes) })
  const loading = new Map<string, Promise<void>>()

  const expired = ({ born, touched }: Held) => now() - born >= absolute || now() - touched >= idle
  const sweep = () => {
    for (const [name, key] of held.entries()) if (expired(key)) held.delete(name)
  }
  const sweeper = setInterval(sweep, 1000)
  sweeper.unref()

  function present(fingerprint: string): Held | undefined {
    const found = held.get(fingerprint)
    if (found && expired(found)) {
      held.delete(fingerprint)
      return undefined
    }
    return found
  }

  async function fetch(fingerprint: string, load: () => Promise<Uint8Array>): Promise<void> {
    const bytes = await load()
    held.set(fingerprint, { bytes, born: now(), touched: now() })
  }

  return {
    async use(fingerprint, load, work) {
      for (;;) {
        const found = present(fingerprint)
        if (found) {
          found.touched = now()
          return work(found.bytes)
        }
        // Requests that miss together wait for one unwrap.
        let pending = loading.get(fingerprint)
        if (!pending) {
          pending = fetch(fingerprint, load).finally(() => loading.delete(fingerprint))
          loading.set(fingerprint, pending)
        }
        await pending
      }
    },
    get size() {
      sweep()
      return held.size
    },
    clear: () => held.clear(),
    close() {
      clearInterval(sweeper)
      held.clear()
    },
  }
}
