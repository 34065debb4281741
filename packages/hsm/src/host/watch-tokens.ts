import type { TokenInfo, TokensChange, UnreadableSlot } from '../device.ts'

/** What one listing gave. */
export type TokensSeen = {
  readonly tokens: readonly TokenInfo[]
  readonly unreadable: readonly UnreadableSlot[]
  /** How many slots the library has, where no token is in one of them. */
  readonly emptySlots: number
}

const nameOf = ({ serial, slot }: TokenInfo) => serial || `slot:${slot}`

/** What differs, or null. Who is logged in is our own doing and no news. */
export function tokensChange(before: TokensSeen, after: TokensSeen): TokensChange | null {
  const text = (info: TokenInfo) => JSON.stringify({ ...info, loggedIn: null })
  const index = (list: readonly TokenInfo[]) => new Map(list.map((info) => [nameOf(info), text(info)]))
  const [old, now] = [index(before.tokens), index(after.tokens)]
  const added = [...now.keys()].filter((name) => !old.has(name))
  const removed = [...old.keys()].filter((name) => !now.has(name))
  const changed = [...now]
    .filter(([name, info]) => old.has(name) && old.get(name) !== info)
    .map(([name]) => name)
  const { emptySlots: _, ...seen } = after
  const same = JSON.stringify(before.unreadable) === JSON.stringify(after.unreadable)
  return added.length + removed.length + changed.length > 0 || !same
    ? { added, removed, changed, ...seen }
    : null
}

type Options = {
  readonly pollMs: number
  /** Lists the tokens and tells `saw`. Null while the library is busy or gone, so that a look never waits. */
  readonly look: () => Promise<unknown> | null
}

/** Hot-plug by asking: C_WaitForSlotEvent blocks a library, and most soft and network tokens never answer it. */
export class TokenWatch {
  readonly #options: Options
  readonly #listeners = new Set<(change: TokensChange) => void>()
  #known: TokensSeen | null = null
  #timer: NodeJS.Timeout | null = null
  #looking = false

  constructor(options: Options) {
    this.#options = options
  }

  listen(listener: (change: TokensChange) => void): () => void {
    this.#listeners.add(listener)
    if (!this.#timer) {
      this.#timer = setInterval(() => void this.#look(), this.#options.pollMs)
      this.#timer.unref()
      void this.#look()
    }
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size === 0) this.stop()
    }
  }

  stop(): void {
    if (this.#timer) clearInterval(this.#timer)
    this.#timer = null
    this.#known = null
  }

  /** A listing that somebody asked for counts as a look, so that every listener hears of its changes. */
  saw(seen: TokensSeen): void {
    const change = this.#known ? tokensChange(this.#known, seen) : null
    if (this.#timer) this.#known = seen
    if (change) for (const listener of this.#listeners) listener(change)
  }

  async #look(): Promise<void> {
    if (this.#looking) return
    const asked = this.#options.look()
    if (!asked) return
    this.#looking = true
    try {
      await asked
    } catch {
      // A host that went down is the restart's news; the next look comes by itself.
    } finally {
      this.#looking = false
    }
  }
}
