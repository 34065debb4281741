import { Socket } from 'node:net'
import { load } from 'koffi'

/** Room for the calls that wait in the pipe; a longer one comes in pieces. */
const pieceBytes = 1 << 16
/** So long without a look at other events: messages of the parent, work that comes back from threads. */
const busyMs = 10

type Transfer = (fd: number, bytes: Buffer, length: number, flags: number) => number

const MSG_DONTWAIT = 0x40
const MSG_NOSIGNAL = 0x4000

type Events = {
  /** Lent until it is back: whoever still works on places in the piece says so, and it is not used again. */
  readonly onPiece: (piece: Buffer) => 'done' | 'at-work'
  readonly onEnd: () => void
}

/**
 * The host's end of the pipe. Node tells us when there is something to read and sends what does not fit; all else is read and
 * written by the system's own calls, which take a fifth of the time of a stream's way through the event loop.
 */
export class HostPipe {
  readonly #fd: number
  readonly #events: Events
  readonly #socket: Socket
  readonly #direct: Direct | null
  #buffer = Buffer.allocUnsafeSlow(pieceBytes)

  constructor(fd: number, events: Events) {
    this.#fd = fd
    this.#events = events
    this.#direct = directTransfers()
    // A stream's own reads leave what came in memory that Node gives back without a wipe: it is read into ours.
    this.#socket = new Socket({
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
    this.#socket.on('error', events.onEnd)
  }

  #take(length: number): 'done' | 'at-work' {
    const state = this.#events.onPiece(this.#buffer.subarray(0, length))
    if (state === 'at-work') this.#buffer = Buffer.allocUnsafeSlow(pieceBytes)
    return state
  }

  /** What came while we worked. An empty pipe, its end and its failures are Node's to tell. */
  #readOn(): void {
    if (this.#direct === null) return
    const until = performance.now() + busyMs
    while (performance.now() < until) {
      const length = this.#direct.recv(this.#fd, this.#buffer, pieceBytes, MSG_DONTWAIT)
      if (length <= 0 || this.#take(length) === 'at-work') return
    }
  }

  /** Whether all was sent; what was not stays lent, and is wiped here once it is. */
  write(bytes: Buffer): boolean {
    const sent =
      this.#direct === null || this.#socket.writableLength > 0
        ? 0
        : Math.max(0, this.#direct.send(this.#fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL))
    if (sent === bytes.length) return true
    let done = false
    this.#socket.write(bytes.subarray(sent), () => {
      if (!done) bytes.fill(0)
    })
    done = this.#socket.writableLength === 0
    return done
  }
}

type Direct = { readonly recv: Transfer; readonly send: Transfer }

/** Linux, where a pipe that Node makes is a pair of sockets; they never wait here, whatever mode it is in. */
function directTransfers(): Direct | null {
  if (process.platform !== 'linux') return null
  const libc = load('libc.so.6')
  const transfer = (name: string): Transfer => libc.func(name, 'long', ['int', 'void *', 'ulong', 'int'])
  return { recv: transfer('recv'), send: transfer('send') }
}
