import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { load } from 'koffi'
import { hsmError } from '../hsm-errors.ts'
import { DirectTransfers } from './direct-transfers.ts'

const AF_UNIX = 1
const SOCK_STREAM = 1
const SOCK_CLOEXEC = 0o2000000
/** An answer that is longer comes in pieces. */
const pieceBytes = 1 << 16

/** `piece` is lent until this returns; what is left in it then stays until the next one comes. */
type OnPiece = (piece: Buffer) => void

/**
 * The client's end of a pipe, whose other end a child inherits. Node's own pipe for a child is read as a stream, which copies the data and
 * frees its memory without a wipe. This one is read into our own memory. Linux.
 */
class ClientPipe {
  readonly socket: Socket
  readonly #childsEnd: number
  readonly #buffer = Buffer.allocUnsafeSlow(pieceBytes)
  readonly #onPiece: OnPiece
  readonly #direct: DirectTransfers

  constructor([ours, childsEnd]: readonly [number, number], onPiece: OnPiece) {
    const callback = (length: number): true => {
      onPiece(this.#buffer.subarray(0, length))
      return true
    }
    this.#onPiece = onPiece
    this.#childsEnd = childsEnd
    const onread = { buffer: this.#buffer, callback }
    this.socket = new Socket({ fd: ours, readable: true, writable: true, onread })
    this.#direct = new DirectTransfers(ours, this.socket)
  }

  /** Takes what arrived, and says whether anything did. Null where only Node knows. */
  look(): boolean | null {
    if (!this.#direct.possible) return null
    const length = this.#direct.receive(this.#buffer)
    if (length > 0) this.#onPiece(this.#buffer.subarray(0, length))
    else this.#direct.letOthersRun()
    return length > 0
  }

  /** As `DirectTransfers.send`. */
  write(bytes: Buffer): boolean {
    return this.#direct.send(bytes)
  }

  /** Lends the child's end for starting the child, once, and closes it. An open copy here would hide the child's end. */
  giveTo<T>(start: (childsEnd: number) => T): T {
    try {
      return start(this.#childsEnd)
    } catch (error) {
      this.socket.destroy()
      throw error
    } finally {
      closeSync(this.#childsEnd)
    }
  }
}

/** A pipe that Node made, where it must be. */
export class NodesPipe {
  readonly #direct: DirectTransfers

  constructor(socket: Socket, onPiece: OnPiece) {
    socket.on('data', onPiece)
    this.#direct = new DirectTransfers(null, socket)
  }

  look(): boolean | null {
    return null
  }

  write(bytes: Buffer): boolean {
    return this.#direct.send(bytes)
  }
}

/** Null where it is left to Node: on other systems, and where the C library is not glibc. Errors: HSM-HOST-FAILED. */
export function clientPipe(onPiece: OnPiece, libc = 'libc.so.6'): ClientPipe | null {
  if (process.platform !== 'linux') return null
  const make = socketPairOf(libc)
  return make === null ? null : new ClientPipe(socketPair(make), onPiece)
}

type Make = (domain: number, type: number, protocol: number, ends: Int32Array) => number

function socketPairOf(libc: string): Make | null {
  try {
    return load(libc).func('socketpair', 'int', ['int', 'int', 'int', 'void *'])
  } catch {
    return null
  }
}

/** What Node itself gives a child under the name of a pipe; no other child inherits either end. */
function socketPair(make: Make): readonly [number, number] {
  const ends = new Int32Array(2)
  if (make(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) !== 0)
    throw hsmError('HSM-HOST-FAILED', 'the pipe to the token host could not be made')
  const [ours = -1, childsEnd = -1] = ends
  return [ours, childsEnd]
}
