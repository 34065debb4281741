import { HsmError } from '../device.ts'
import { encodeFrame, joinedFrames } from './frames.ts'
import { deadlineFactor, isAtPad, type Operation, type WireCall, type WireResult } from './protocol.ts'

type Pending = {
  readonly id: number
  readonly op: Operation
  readonly atPad: boolean
  readonly frame: Buffer
  readonly resolve: (value: unknown) => void
  readonly reject: (error: HsmError) => void
}

/** In flight at once: enough to keep the host busy, few enough that a crash loses little. */
const maxInFlight = 16

type Options = {
  timeoutMs: number
  onTimeout: (op: Operation) => void
  onSuccess: (op: Operation) => void
}

/** PINs and the bytes of imported keys leave our memory once they are sent. */
export function wipeSecrets(args: readonly unknown[]): void {
  for (const arg of args) {
    if (!arg || typeof arg !== 'object') continue
    for (const [name, value] of Object.entries(arg)) {
      if (/pin$|^value$/i.test(name) && value instanceof Uint8Array) value.fill(0)
    }
  }
}

/**
 * Calls in order of arrival, sent in bundles. The host starts them in that order, so the deadline runs for the oldest one
 * only and starts anew for the next when that is answered.
 */
export class CallQueue {
  readonly #waiting: Pending[] = []
  readonly #inFlight = new Map<number, Pending>()
  readonly #options: Options
  #send: ((bundle: Buffer) => void) | null = null
  #refusal: (() => HsmError) | null = null
  #timer: { readonly id: number; readonly handle: NodeJS.Timeout } | null = null
  #nextId = 1
  #scheduled = false
  #drained: (() => void)[] = []

  constructor(options: Options) {
    this.#options = options
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.size === 0
  }

  /** A person types at a token's pad, or is about to: the library answers nothing else until that is over. */
  get atPad(): boolean {
    return [...this.#inFlight.values(), ...this.#waiting].some(({ atPad }) => atPad)
  }

  add(op: Operation, serial: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#refusal) {
        wipeSecrets(args)
        reject(this.#refusal())
        return
      }
      const id = this.#nextId++
      const call: WireCall = [id, op, serial, args]
      const atPad = isAtPad(op, args)
      // What the caller does with its arrays from here on changes nothing.
      const frame = encodeFrame(call)
      wipeSecrets(args)
      this.#waiting.push({ id, op, atPad, frame, resolve, reject })
      this.#schedule()
    })
  }

  /** `send` takes the bundle over and wipes it. */
  connect(send: (bundle: Buffer) => void): void {
    this.#send = send
    this.#pump()
  }

  /** The host is gone: what was sent fails, and `first` marks the call that the host was working on. Later calls wait. */
  disconnect(error: (first: boolean, atPad: boolean) => HsmError): void {
    this.#send = null
    this.#disarm()
    const calls = [...this.#inFlight.values()]
    this.#inFlight.clear()
    for (const [i, call] of calls.entries()) call.reject(error(i === 0, call.atPad))
    this.#settleDrain()
  }

  /** Every call from now on is refused. */
  fail(refusal: () => HsmError): void {
    this.#refusal = refusal
    this.#send = null
    this.#disarm()
    const calls = [...this.#inFlight.values(), ...this.#waiting.splice(0)]
    this.#inFlight.clear()
    for (const call of calls) {
      call.frame.fill(0)
      call.reject(refusal())
    }
    this.#settleDrain()
  }

  settle(results: readonly WireResult[]): void {
    for (const [id, value, error] of results) {
      const call = this.#inFlight.get(id)
      if (!call) continue
      this.#inFlight.delete(id)
      if (error) {
        call.reject(new HsmError(error))
      } else {
        this.#options.onSuccess(call.op)
        call.resolve(value)
      }
    }
    this.#arm()
    if (this.#waiting.length > 0) this.#schedule()
    this.#settleDrain()
  }

  drain(): Promise<void> {
    if (this.idle || !this.#send) return Promise.resolve()
    return new Promise((resolve) => this.#drained.push(resolve))
  }

  /** Calls that are made in one turn of the event loop go in one bundle. */
  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#pump()
    })
  }

  #pump(): void {
    if (!this.#send) return
    const calls = this.#waiting.splice(0, maxInFlight - this.#inFlight.size)
    if (calls.length > 0) {
      for (const call of calls) this.#inFlight.set(call.id, call)
      this.#send(joinedFrames(calls.map(({ frame }) => frame)))
    }
    this.#arm()
  }

  #arm(): void {
    const [head] = this.#inFlight.values()
    if (head?.id === this.#timer?.id) return
    this.#disarm()
    if (!head) return
    const ms = this.#options.timeoutMs * deadlineFactor(head.op, head.atPad)
    this.#timer = { id: head.id, handle: setTimeout(() => this.#options.onTimeout(head.op), ms) }
  }

  #disarm(): void {
    if (this.#timer) clearTimeout(this.#timer.handle)
    this.#timer = null
  }

  #settleDrain(): void {
    if (!this.idle && this.#send) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}
