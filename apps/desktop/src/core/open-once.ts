/** Work that begins when it is first waited for, or by itself after a while, and is done once. */
export class OpenOnce<T> {
  readonly #work: () => Promise<T>
  readonly #timer: NodeJS.Timeout
  #begun: Promise<T> | null = null

  /** `afterMs`: when it begins without anybody having waited for it. */
  constructor(work: () => Promise<T>, afterMs: number) {
    this.#work = work
    this.#timer = setTimeout(() => void this.done().catch(() => undefined), afterMs)
  }

  /** Rejects with what the work threw, each time. */
  done(): Promise<T> {
    clearTimeout(this.#timer)
    this.#begun ??= this.#work()
    return this.#begun
  }

  /** Waits for work that has begun; what has not, never will by itself. Gives null where there is nothing. */
  async settle(): Promise<T | null> {
    clearTimeout(this.#timer)
    return (await this.#begun?.catch(() => null)) ?? null
  }
}
