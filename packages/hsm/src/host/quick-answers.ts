import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'

/**
 * Milliseconds. A soft token makes sixteen signatures in less, even on a shared processor. A token behind a wire takes longer for most
 * calls.
 */
const quickMs = 1
/** So long without a look at other events. */
const turnMs = 0.05

type Options = {
  /** Whether an answer is still to come. */
  readonly awaited: () => boolean
  /** Takes the answers that have arrived. True: there were some. Null: only the event loop can tell. */
  readonly look: () => boolean | null
  readonly processors?: number
  /** Milliseconds, monotonic. */
  readonly now?: () => number
}

/**
 * Polls for answers instead of sleeping, where the last ones came quickly. Waking a thread costs 12 µs on a virtual machine, and the host
 * would wake us for every few answers. The event loop keeps turning. Slow tokens are waited for asleep, and so is every token where there
 * is one processor.
 */
export class QuickAnswers {
  readonly #awaited: () => boolean
  readonly #look: () => boolean | null
  readonly #possible: boolean
  readonly #now: () => number
  #quick = false
  #looking = false
  /** A call is on its way. */
  #expecting = false
  /** The last answer, or the first call after nothing was awaited. */
  #since = 0

  constructor({
    awaited,
    look,
    processors = availableParallelism(),
    now = () => performance.now(),
  }: Options) {
    this.#awaited = awaited
    this.#look = look
    this.#possible = processors > 1
    this.#now = now
  }

  get looking(): boolean {
    return this.#looking
  }

  sent(): void {
    if (!this.#expecting) this.#since = this.#now()
    this.#expecting = true
    if (!this.#quick || !this.#possible || this.#looking) return
    this.#looking = true
    setImmediate(this.#turn)
  }

  came(): void {
    const now = this.#now()
    this.#quick = now - this.#since < quickMs
    this.#since = now
    this.#expecting = this.#awaited()
  }

  readonly #turn = (): void => {
    const began = this.#now()
    while (this.#awaited()) {
      const found = this.#look()
      const now = this.#now()
      if (found !== true && now - this.#since >= quickMs) this.#quick = false
      if (found !== false || !this.#quick || now - began >= turnMs) break
    }
    this.#looking = this.#quick && this.#awaited()
    if (this.#looking) setImmediate(this.#turn)
  }
}
