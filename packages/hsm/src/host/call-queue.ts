import { HsmError } from '../device.ts'
import { deadlineFactor, type FromHost, type Operation, type ToHost } from './protocol.ts'

type Pending = {
  readonly id: number
  readonly op: Operation
  readonly serial: string
  readonly args: readonly unknown[]
  readonly resolve: (value: unknown) => void
  readonly reject: (error: HsmError) => void
}

/** In flight at once: enough to keep the host busy, few enough that a crash loses little. */
const maxInFlight = 8

/** PINs leave our memory once they are sent. */
function wipePins(args: readonly unknown[]): void {
  for (const arg of args) {
    if (!arg || typeof arg !== 'object') continue
    for (const [name, value] of Object.entries(arg)) {
      if (/pin$/i.test(name) && value instanceof Uint8Array) value.fill(0)
    }
  }
}

/**
 * Calls in order of arrival. The host works on one at a time, so the deadline runs for the oldest one only and starts
 * anew for the next when that is answered.
 */
export class CallQueue {
  readonly #waiting: Pending[] = []
  readonly #inFlight: Pending[] = []
  readonly #options: {
    timeoutMs: number
    onTimeout: (op: Operation) => void
    onSuccess: (op: Operation) => void
  }
  #send: ((message: ToHost) => void) | null = null
  #refusal: (() => HsmError) | null = null
  #timer: NodeJS.Timeout | null = null
  #nextId = 1
  #drained: (() => void)[] = []

  constructor(options: {
    timeoutMs: number
    onTimeout: (op: Operation) => void
    onSuccess: (op: Operation) => void
  }) {
    this.#options = options
  }

  get idle(): boolean {
    return this.#waiting.length === 0 && this.#inFlight.length === 0
  }

  add(op: Operation, serial: string, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (this.#refusal) {
        wipePins(args)
        reject(this.#refusal())
        return
      }
      this.#waiting.push({ id: this.#nextId++, op, serial, args, resolve, reject })
      this.#pump()
    })
  }

  connect(send: (message: ToHost) => void): void {
    this.#send = send
    this.#pump()
  }

  /** The host is gone: what was sent fails, and `first` marks the call that the host was working on. Later calls wait. */
  disconnect(error: (first: boolean) => HsmError): void {
    this.#send = null
    this.#disarm()
    for (const [i, call] of this.#inFlight.splice(0).entries()) call.reject(error(i === 0))
    this.#settleDrain()
  }

  /** Every call from now on is refused. */
  fail(refusal: () => HsmError): void {
    this.#refusal = refusal
    this.#send = null
    this.#disarm()
    for (const call of [...this.#inFlight.splice(0), ...this.#waiting.splice(0)]) {
      wipePins(call.args)
      call.reject(refusal())
    }
    this.#settleDrain()
  }

  settle(message: Extract<FromHost, { t: 'result' }>): void {
    const at = this.#inFlight.findIndex(({ id }) => id === message.id)
    const [call] = at < 0 ? [] : this.#inFlight.splice(at, 1)
    if (!call) return
    this.#disarm()
    if (message.ok) {
      this.#options.onSuccess(call.op)
      call.resolve(message.value)
    } else {
      call.reject(new HsmError(message.error))
    }
    this.#pump()
    this.#arm()
    this.#settleDrain()
  }

  drain(): Promise<void> {
    if (this.idle || !this.#send) return Promise.resolve()
    return new Promise((resolve) => this.#drained.push(resolve))
  }

  #pump(): void {
    while (this.#send && this.#inFlight.length < maxInFlight) {
      const call = this.#waiting.shift()
      if (!call) break
      this.#inFlight.push(call)
      this.#send({ t: 'call', id: call.id, op: call.op, serial: call.serial, args: call.args })
      wipePins(call.args)
    }
    this.#arm()
  }

  #arm(): void {
    const [head] = this.#inFlight
    if (!head || this.#timer) return
    const ms = this.#options.timeoutMs * deadlineFactor(head.op)
    this.#timer = setTimeout(() => this.#options.onTimeout(head.op), ms)
  }

  #disarm(): void {
    if (this.#timer) clearTimeout(this.#timer)
    this.#timer = null
  }

  #settleDrain(): void {
    if (!this.idle && this.#send) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}
