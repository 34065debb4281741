import { copyOutsideHeap } from '../copy-outside-heap.ts'
import { HsmError } from '../device.ts'
import { Forms } from './forms.ts'
import { type Frame, type Parcel, parcel } from './frames.ts'
import { deadlineFactor, isAtPad, type Operation, type SentCall, type WireOutcome } from './protocol.ts'
import { QuickAnswers } from './quick-answers.ts'

type Pending = {
  readonly id: number
  readonly op: Operation
  readonly atPad: boolean
  readonly resolve: (value: unknown) => void
  readonly reject: (error: HsmError) => void
}

/** A call that cannot be sent yet, and a copy of what it says. */
type Waiting = { readonly call: Pending; readonly parcel: Parcel }

/**
 * The connection to one host. `add` copies what it is given. `send` sends all that was added. `look` takes what arrived, and says whether
 * anything did; null where only the event loop knows.
 */
export type Outlet = {
  readonly add: (parcel: Parcel) => void
  readonly send: () => void
  readonly look: () => boolean | null
}

/** In flight at once: enough to keep the host busy, few enough that a crash loses little. */
const maxInFlight = 16

type Options = {
  timeoutMs: number
  onTimeout: (op: Operation) => void
  onSuccess: (op: Operation) => void
}

/** PINs and the bytes of imported keys leave our memory once they are sent. */
function wipeSecrets(args: readonly unknown[]): void {
  for (const arg of args) {
    if (!arg || typeof arg !== 'object') continue
    for (const [name, value] of Object.entries(arg)) {
      if (/pin$|^value$/i.test(name) && value instanceof Uint8Array) value.fill(0)
    }
  }
}

const copied = ({ id, form, arrays }: Parcel): Parcel => ({
  id,
  form,
  arrays: arrays.map(copyOutsideHeap),
})

function wipe({ arrays }: Parcel): void {
  for (const array of arrays) array.fill(0)
}

/**
 * Calls in order of arrival, sent in bundles. The host starts them in that order, so only the oldest has a running deadline. The next one's
 * starts when that is answered.
 */
export class CallQueue {
  readonly #waiting: Waiting[] = []
  readonly #inFlight = new Map<number, Pending>()
  readonly #options: Options
  readonly #forms = new Forms()
  readonly #quick = new QuickAnswers({
    awaited: () => this.#inFlight.size > 0,
    look: () => (this.#outlet === null ? null : this.#outlet.look()),
  })
  #outlet: Outlet | null = null
  #refusal: (() => HsmError) | null = null
  #oldest = 0
  #deadline = 0
  #timer: { readonly at: number; readonly handle: NodeJS.Timeout } | null = null
  #nextId = 1
  #scheduled = false
  #drained: (() => void)[] = []

  constructor(options: Options) {
    this.#options = options
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.size === 0
  }

  /** A person types at a token's pad, or is about to. The library answers nothing else meanwhile. */
  get atPad(): boolean {
    return this.#calls().some(({ atPad }) => atPad)
  }

  add(op: Operation, serial: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      try {
        if (this.#refusal) {
          reject(this.#refusal())
          return
        }
        const id = this.#nextId++
        const call: SentCall = [op, serial, args]
        const given = parcel(this.#forms, id, call)
        // The caller may change its arrays from here on.
        const pending = { id, op, atPad: isAtPad(op, args), resolve, reject }
        if (this.#outlet && this.#waiting.length === 0 && this.#inFlight.size < maxInFlight) {
          this.#inFlight.set(id, pending)
          this.#outlet.add(given)
        } else this.#waiting.push({ call: pending, parcel: copied(given) })
        this.#schedule()
      } finally {
        // Also for a call that is refused or cannot cross.
        wipeSecrets(args)
      }
    })
  }

  connect(outlet: Outlet): void {
    this.#outlet = outlet
    this.#pump()
  }

  /** The host is gone. Sent calls fail, and `first` marks the one that it was working on. Later calls wait. */
  disconnect(error: (first: boolean, atPad: boolean) => HsmError): void {
    this.#outlet = null
    this.#disarm()
    const calls = [...this.#inFlight.values()]
    this.#inFlight.clear()
    for (const [i, call] of calls.entries()) call.reject(error(i === 0, call.atPad))
    this.#settleDrain()
  }

  /** Every call from now on is refused. */
  fail(refusal: () => HsmError): void {
    this.#refusal = refusal
    this.#outlet = null
    this.#disarm()
    const calls = this.#calls()
    for (const { parcel: kept } of this.#waiting.splice(0)) wipe(kept)
    this.#inFlight.clear()
    for (const call of calls) call.reject(refusal())
    this.#settleDrain()
  }

  #calls(): Pending[] {
    return [...this.#inFlight.values(), ...this.#waiting.map(({ call }) => call)]
  }

  settle(results: readonly Frame[]): void {
    for (const { id, value: outcome } of results) {
      const call = this.#inFlight.get(id)
      if (!call) continue
      // The handshake checked that both ends are one build, so answers have this shape.
      const [value, error] = outcome as WireOutcome
      this.#inFlight.delete(id)
      if (error) {
        call.reject(new HsmError(error))
      } else {
        this.#options.onSuccess(call.op)
        call.resolve(value)
      }
    }
    this.#quick.came()
    this.#arm()
    if (this.#waiting.length > 0) this.#schedule()
    this.#settleDrain()
  }

  /** Refuses what is called from now on; resolves once what was called before has come back, or has no host to wait for. */
  drain(refusal: () => HsmError): Promise<void> {
    this.#refusal = refusal
    if (this.idle || !this.#outlet) return Promise.resolve()
    return new Promise((resolve) => this.#drained.push(resolve))
  }

  /** Calls made in one turn of the event loop go in one bundle. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    process.nextTick(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    if (!this.#outlet) return
    for (const { call, parcel: kept } of this.#waiting.splice(0, maxInFlight - this.#inFlight.size)) {
      this.#inFlight.set(call.id, call)
      this.#outlet.add(kept)
      wipe(kept)
    }
    this.#outlet.send()
    this.#arm()
    if (this.#inFlight.size > 0) this.#quick.sent()
  }

  /** A timer that fires too early is set again. That costs less than one timer for each call. */
  #arm(): void {
    const [head] = this.#inFlight.values()
    if (!head || head.id === this.#oldest) return
    this.#oldest = head.id
    this.#deadline = performance.now() + this.#options.timeoutMs * deadlineFactor(head.op, head.atPad)
    if (this.#timer && this.#timer.at <= this.#deadline) return
    this.#disarm()
    this.#wait()
  }

  #wait(): void {
    const ring = (): void => {
      this.#timer = null
      const [head] = this.#inFlight.values()
      if (!head) this.#oldest = 0
      else if (performance.now() < this.#deadline) this.#wait()
      else this.#options.onTimeout(head.op)
    }
    const ms = Math.max(1, Math.ceil(this.#deadline - performance.now()))
    this.#timer = { at: this.#deadline, handle: setTimeout(ring, ms) }
    // The pipe of a call keeps the process alive, not the timer of a call that was answered long ago.
    this.#timer.handle.unref()
  }

  #disarm(): void {
    if (this.#timer) clearTimeout(this.#timer.handle)
    this.#timer = null
  }

  #settleDrain(): void {
    if (!this.idle && this.#outlet) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}
