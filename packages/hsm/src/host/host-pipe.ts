import { Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { DirectTransfers } from './direct-transfers.ts'

/** Room for the calls that wait in the pipe; a longer one comes in pieces. */
const pieceBytes = 1 << 16
/** So long without a look at other events: messages of the parent, work that comes back from threads. */
const busyMs = 10
/**
 * How long it looks for the next calls before it sleeps. A wake-up costs more than a soft token's whole answer, and the system may wake it
 * on its client's processor. With one processor it does not look.
 */
const awakeMs = availableParallelism() > 1 ? 0.3 : 0

type Events = {
  /** Lends a piece of memory. `at-work`: somebody still uses it, so the pipe takes a fresh one. */
  readonly onPiece: (piece: Buffer) => 'done' | 'at-work'
  readonly onEnd: () => void
}

/** The host's end of the pipe. */
export class HostPipe {
  readonly #events: Events
  readonly #direct: DirectTransfers
  #buffer = Buffer.allocUnsafeSlow(pieceBytes)

  constructor(fd: number, events: Events) {
    this.#events = events
    // A stream's own reads leave what came in memory that Node gives back without a wipe: it is read into ours.
    const socket = new Socket({
      fd,
      readable: true,
      writable: true,
      onread: {
        buffer: () => this.#buffer,
        callback: (length) => {
          if (this.#take(length) === 'done') this.#readOn()
          return true
        },
      },
    })
    socket.on('error', events.onEnd)
    this.#direct = new DirectTransfers(fd, socket)
  }

  #take(length: number): 'done' | 'at-work' {
    const state = this.#events.onPiece(this.#buffer.subarray(0, length))
    if (state === 'at-work') this.#buffer = Buffer.allocUnsafeSlow(pieceBytes)
    return state
  }

  /** What came while we worked, and what comes before it is worth sleeping. */
  #readOn(): void {
    if (!this.#direct.possible) return
    const began = performance.now()
    let worked = began
    for (;;) {
      const length = this.#direct.receive(this.#buffer)
      if (length > 0 && this.#take(length) === 'at-work') return
      const now = performance.now()
      if (now - began >= busyMs) return
      if (length > 0) worked = now
      else if (now - worked >= awakeMs) return
      else this.#direct.letOthersRun()
    }
  }

  /** As `DirectTransfers.send`. */
  write(bytes: Buffer): boolean {
    return this.#direct.send(bytes)
  }
}
