import type { Socket } from 'node:net'
import { load } from 'koffi'

type Transfer = (fd: number, bytes: Buffer, length: number, flags: number) => number

const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000

type System = { readonly recv: Transfer; readonly send: Transfer; readonly yieldProcessor: () => number }

/** Null on other systems than Linux, and where the C library is not glibc. */
function systemCalls(): System | null {
  if (process.platform !== 'linux') return null
  try {
    const library = load('libc.so.6')
    const transfer = (name: string): Transfer => library.func(name, 'long', ['int', 'void *', 'ulong', 'int'])
    const yieldProcessor: () => number = library.func('sched_yield', 'int', [])
    return { recv: transfer('recv'), send: transfer('send'), yieldProcessor }
  } catch {
    return null
  }
}

/** Once a process: undefined until somebody asks. */
let known: System | null | undefined

/**
 * One end of a pair of sockets. The system's own calls read and write it, in a fifth of a stream's time, and never wait. Node's socket of
 * the same end reports incoming data, and sends the rest.
 */
export class DirectTransfers {
  readonly #fd: number
  readonly #socket: Socket
  readonly #system: System | null

  /** `fd` null: all is left to Node. */
  constructor(fd: number | null, socket: Socket) {
    this.#fd = fd ?? -1
    this.#socket = socket
    if (known === undefined) known = systemCalls()
    this.#system = fd === null ? null : known
  }

  /** Whether `receive` finds anything: where it does not, there is no sense in looking. */
  get possible(): boolean {
    return this.#system !== null
  }

  /** The bytes that are there now, 0 for none: an empty pipe, its end and its failures are Node's to tell. */
  receive(into: Buffer): number {
    // After a close another file may have this number.
    if (this.#system === null || this.#socket.destroyed) return 0
    return Math.max(0, this.#system.recv(this.#fd, into, into.length, MSG_DONTWAIT))
  }

  /** Between two looks: the other end may be on this processor. */
  letOthersRun(): void {
    this.#system?.yieldProcessor()
  }

  /** Whether all was sent; what was not stays lent, and is wiped by this once it is. */
  send(bytes: Buffer): boolean {
    const sent =
      this.#system === null || this.#socket.destroyed || this.#socket.writableLength > 0
        ? 0
        : Math.max(0, this.#system.send(this.#fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL))
    if (sent === bytes.length) return true
    let done = false
    this.#socket.write(bytes.subarray(sent), () => {
      if (!done) bytes.fill(0)
    })
    done = this.#socket.writableLength === 0
    return done
  }
}
