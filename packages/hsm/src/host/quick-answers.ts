import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'

/**
 * Longer than a soft token takes for sixteen signatures while it shares a processor with us, shorter than a token behind a wire takes for
 * most of what it does.
 */
const quickMs = 1
/** So long without a look at other events. */
const gazeMs = 0.05

type Options = {
  /** Whether an answer is still to come. */
  readonly awaited: () => boolean
  /** Takes the answers that have come, and says whether any had. */
  readonly look: () => boolean
  readonly processors?: number
  /** Milliseconds, monotonic. */
  readonly now?: () => number
}

/**
 * Looks for answers instead of sleeping until they come, where the last ones came quickly: waking a thread costs whoever does
 * it 12 µs on a virtual machine, and the host wakes us for every few answers. The event loop turns all the while. A token that
 * takes longer is waited for asleep, and so is every token where there is one processor.
 */
export class QuickAnswers {
  readonly #awaited: () => boolean
  readonly #look: () => boolean
  readonly #possible: boolean
  readonly #now: () => number
  #quick = false
  #looking = false
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
    this.#since = this.#now()
    if (!this.#quick || !this.#possible || this.#looking) return
    this.#looking = true
    setImmediate(this.#gaze)
  }

  came(): void {
    this.#quick = this.#now() - this.#since < quickMs
  }

  readonly #gaze = (): void => {
    const began = this.#now()
    while (this.#awaited() && !this.#look()) {
      const now = this.#now()
      if (now - this.#since >= quickMs) {
        this.#quick = false
        break
      }
      if (now - began >= gazeMs) break
    }
    this.#looking = this.#quick && this.#awaited()
    if (this.#looking) setImmediate(this.#gaze)
  }
}
