import { availableParallelism } from 'node:os'

/** Longer than a soft token takes for a handful of signatures, shorter than a token behind a wire takes for one. */
const quickMs = 0.4

/**
 * Looks for answers instead of sleeping until they come, where the last ones came quickly: waking a thread costs whoever does
 * it 12 µs on a virtual machine, and the host wakes us for every few answers. The event loop turns all the while. A token that
 * takes longer is waited for asleep, and so is every token where there is one processor.
 */
export class QuickAnswers {
  readonly #awaited: () => boolean
  readonly #possible: boolean
  readonly #now: () => number
  #quick = false
  #looking = false
  #since = 0

  /** `awaited`: whether an answer is still to come. `now`: milliseconds, monotonic. */
  constructor(
    awaited: () => boolean,
    processors = availableParallelism(),
    now: () => number = () => performance.now(),
  ) {
    this.#awaited = awaited
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
    setImmediate(this.#look)
  }

  came(): void {
    this.#quick = this.#now() - this.#since < quickMs
  }

  readonly #look = (): void => {
    const awaited = this.#awaited()
    if (awaited && this.#now() - this.#since < quickMs) {
      setImmediate(this.#look)
      return
    }
    this.#looking = false
    if (awaited) this.#quick = false
  }
}
