import { type Operation, sharedOperations, type WireCall } from './protocol.ts'

/** What one call came to. `again`: it wants a second turn, alone. */
export type Outcome =
  | { readonly done: true; readonly value: unknown }
  | { readonly done: false; readonly error: unknown; readonly again?: () => unknown }

type Job = { readonly call: WireCall; readonly again: (() => unknown) | null; readonly shared: boolean }

const isShared = (op: Operation) => sharedOperations.has(op)

/**
 * Calls start in order of arrival. Shared ones may overlap; any other waits until it is alone and keeps the rest waiting.
 * A second turn goes before everything that has not started.
 */
export class Scheduler {
  readonly #run: (call: WireCall) => unknown
  readonly #judge: (call: WireCall, error: unknown) => Outcome
  readonly #answer: (call: WireCall, outcome: Outcome) => void
  readonly #limit: number
  #waiting: Job[] = []
  #running = 0
  #alone = false

  constructor(options: {
    limit: number
    run: (call: WireCall) => unknown
    judge: (call: WireCall, error: unknown) => Outcome
    answer: (call: WireCall, outcome: Outcome) => void
  }) {
    this.#limit = options.limit
    this.#run = options.run
    this.#judge = options.judge
    this.#answer = options.answer
  }

  add(calls: readonly WireCall[]): void {
    for (const call of calls) this.#waiting.push({ call, again: null, shared: isShared(call.op) })
    this.#pump()
  }

  #pump(): void {
    for (;;) {
      const next = this.#waiting[0]
      if (!next || this.#alone || this.#running >= this.#limit || (!next.shared && this.#running > 0)) return
      this.#waiting.shift()
      this.#start(next)
    }
  }

  #start(job: Job): void {
    let value: unknown
    try {
      value = job.again === null ? this.#run(job.call) : job.again()
    } catch (error) {
      this.#failed(job, error)
      return
    }
    if (!(value instanceof Promise)) {
      this.#answer(job.call, { done: true, value })
      return
    }
    this.#running += 1
    if (!job.shared) this.#alone = true
    const settled = (tell: () => void) => {
      this.#running -= 1
      if (!job.shared) this.#alone = false
      tell()
      this.#pump()
    }
    value.then(
      (result: unknown) => settled(() => this.#answer(job.call, { done: true, value: result })),
      (error: unknown) => settled(() => this.#failed(job, error)),
    )
  }

  #failed({ call }: Job, error: unknown): void {
    const outcome = this.#judge(call, error)
    if (outcome.done || !outcome.again) {
      this.#answer(call, outcome)
      return
    }
    const { again } = outcome
    this.#waiting.unshift({ call, again, shared: false })
  }
}
