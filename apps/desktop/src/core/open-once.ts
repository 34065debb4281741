/** Work that begins when it is first waited for, or by itself after a while, and is done once. */
export class OpenOnce {
  readonly #work: () => Promise<void>
  readonly #timer: NodeJS.Timeout
  #begun: Promise<void> | null = null

  /** `afterMs`: when it begins without anybody having waited for it. */
  constructor(work: () => Promise<void>, afterMs: number) {
    this.#work = work
    this.#timer = setTimeout(() => void this.done().catch(() => undefined), afterMs)
  }

  /** Rejects with what the work threw, each time. */
  done(): Promise<void> {
    clearTimeout(this.#timer)
    this.#begun ??= this.#work()
    return this.#begun
  }

  /** Waits for work that has begun; what has not, never will by itself. */
  async settle(): Promise<void> {
    clearTimeout(this.#timer)
    await this.#begun?.catch(() => undefined)
  }
}
