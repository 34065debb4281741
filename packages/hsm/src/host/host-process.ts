import { type ChildProcess, fork } from 'node:child_process'
import { Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { HsmError, type HsmRestart, type LibraryInfo } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { libraryEnvironment } from '../profiles/profiles.ts'
import type { Outlet } from './call-queue.ts'
import { clientPipe, NodesPipe } from './client-pipe.ts'
import { type Frame, FrameReader, FrameWriter } from './frames.ts'
import { defaultOrphanMs } from './orphan.ts'
import { type FromHost, framePipe, protocolVersion, type ToHost } from './protocol.ts'

export type StartHsmOptions = {
  /** Path of the vendor's PKCS#11 library. */
  readonly library: string
  /**
   * Variables for the host, above those that the library's profile names of this process's own, e.g. SOFTHSM2_CONF for SoftHSM. It gets no
   * others.
   */
  readonly environment?: Readonly<Record<string, string>>
  /** What the library wants to be told in C_Initialize (NSS: where its database is). It is in no log. */
  readonly initString?: string
  /** Node 24 to run the host with; this process's own by default. */
  readonly execPath?: string
  /** Entry of the host process: src/host/main.ts by default, the built file when packaged. */
  readonly hostEntry?: string
  /** Milliseconds for an ordinary call; making key pairs, the window and the probe get more. Default 20 000. */
  readonly callTimeoutMs?: number
  /** Milliseconds for starting the host and loading the library. Default 20 000. */
  readonly loadTimeoutMs?: number
  /** Milliseconds of silence after which an idle host is asked whether it lives. Default 5 000. */
  readonly heartbeatMs?: number
  /** SHA-256 in hex that the plan pins for the library's file; any other file is HSM-LIBRARY-CHANGED. */
  readonly librarySha256?: string
  /** Calls that use keys and may run at once, each on a session of its own. Default 4, at most 16. */
  readonly sessions?: number
  /** How often `onTokensChanged` has the library asked. Default 2 000 ms. */
  readonly pollMs?: number
  /** Milliseconds that the host may still work after this process is gone, so that a write under way ends. Default 30 000. */
  readonly orphanMs?: number
}

type Events = {
  readonly onResults: (results: readonly Frame[]) => void
  /** Told once, and only of a host whose `open` had succeeded. */
  readonly onExit: (reason: HsmRestart['reason'] | 'closed', detail: string) => void
}

type Ending = 'timeout' | 'closed' | 'cancelled'

/** Whether a variable may be passed to a token's library: none that changes what is loaded, or Node itself. */
export const isPassable = (name: string): boolean =>
  /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) && !/^(NODE_|LD_|DYLD_|GLIBC_)/.test(name)

/**
 * What is passed, and what the library is known to read: no NODE_OPTIONS, no loader variables, no secrets of the
 * parent.
 */
export function hostEnvironment(
  library: string,
  passed: Readonly<Record<string, string>> = {},
): Record<string, string> {
  for (const name of Object.keys(passed)) {
    if (!isPassable(name)) throw new RangeError(`environment: ${name} cannot be passed to the token host`)
  }
  return { ...libraryEnvironment(library), ...passed }
}

/**
 * With this setting glibc keeps 127 freed pieces of a size instead of 7. A soft token allocates and frees about a hundred for one
 * signature. Other C libraries ignore it.
 */
const allocator = { GLIBC_TUNABLES: 'glibc.malloc.tcache_count=127' }

const defaultSessions = 4
const maxSessions = 16

function sessionsOf({ sessions = defaultSessions }: StartHsmOptions): number {
  if (!Number.isInteger(sessions) || sessions < 1 || sessions > maxSessions)
    throw new RangeError(`sessions: expected 1 to ${maxSessions}, got ${sessions}`)
  return sessions
}

/** One run of the host process, from fork to exit. */
export class HostProcess {
  readonly #child: ChildProcess
  readonly #events: Events
  readonly #options: StartHsmOptions
  readonly #sessions: number
  readonly #frames: Socket
  readonly #pipe: Pick<NodesPipe, 'look' | 'write'>
  readonly #reader = new FrameReader('copied')
  readonly #writer = new FrameWriter()
  #open = false
  #ended = false
  #ending: { reason: Ending; detail: string } | null = null
  readonly #gone = Promise.withResolvers<void>()
  #handshake: { resolve: (library: LibraryInfo) => void; reject: (error: HsmError) => void } | null = null

  constructor(options: StartHsmOptions, events: Events) {
    this.#events = events
    this.#options = options
    const entry = options.hostEntry ?? fileURLToPath(new URL('./main.ts', import.meta.url))
    const env = { ...allocator, ...hostEnvironment(options.library, options.environment) }
    this.#sessions = sessionsOf(options)
    const start = (pipe: number | 'pipe') =>
      fork(entry, [], {
        execPath: options.execPath ?? process.execPath,
        execArgv: [],
        // Ctrl-C at a terminal goes to a whole group of processes, and this one is ended by its parent.
        detached: true,
        serialization: 'advanced',
        env,
        // A library's own output can hold a PIN, so it must not reach people or signed logs as the reason why a host ended.
        stdio: ['ignore', 'ignore', 'ignore', 'ipc', pipe],
      })
    const onPiece = (piece: Buffer) => this.#results(piece)
    const pipe = clientPipe(onPiece)
    this.#child = pipe === null ? start('pipe') : pipe.giveTo(start)
    const frames = pipe?.socket ?? this.#child.stdio[framePipe]
    if (!(frames instanceof Socket)) throw new Error('the host was started without its pipe')
    this.#frames = frames
    this.#pipe = pipe ?? new NodesPipe(frames, onPiece)
    // The end of the process reports what went wrong with the pipe.
    frames.on('error', () => {})
    this.#child.on('message', (message: FromHost) => this.#receive(message))
    this.#child.on('error', (error) => this.#end(`it cannot be started: ${error.message}`))
    this.#child.on('exit', (code, signal) => this.#end(signal ?? `exit ${code}`))
  }

  get pid(): number | null {
    return this.#ended ? null : (this.#child.pid ?? null)
  }

  open(generation: number, timeoutMs: number): Promise<LibraryInfo> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.kill('timeout', 'loading the library took too long'), timeoutMs)
      const done =
        <T>(fn: (value: T) => void) =>
        (value: T) => {
          clearTimeout(timer)
          this.#handshake = null
          fn(value)
        }
      this.#handshake = { resolve: done(resolve), reject: done(reject) }
      this.send({
        t: 'open',
        version: protocolVersion,
        generation,
        library: this.#options.library,
        sha256: this.#options.librarySha256 ?? null,
        initString: this.#options.initString ?? null,
        sessions: this.#sessions,
        orphanMs: this.#options.orphanMs ?? defaultOrphanMs,
      })
    })
  }

  send(message: ToHost): void {
    if (this.#child.connected) this.#child.send(message, () => {})
  }

  /** The way of calls to this host. */
  readonly outlet: Outlet = {
    add: (parcel) => this.#writer.add(parcel),
    send: () => this.#writer.send((bundle) => this.#pipe.write(bundle)),
    look: () => this.#pipe.look(),
  }

  kill(reason: Ending, detail: string): void {
    this.#ending ??= { reason, detail }
    this.#child.kill('SIGKILL')
  }

  /** Kills it, and resolves once it is gone. */
  end(): Promise<void> {
    this.kill('closed', 'closed while starting')
    return this.#gone.promise
  }

  /** Lets the host leave the library in order, and kills it when that takes too long; resolves once it is gone. */
  close(timeoutMs: number): Promise<void> {
    if (this.#ended) return this.#gone.promise
    this.#ending ??= { reason: 'closed', detail: 'closed' }
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), timeoutMs)
    this.send({ t: 'close' })
    return this.#gone.promise.finally(() => clearTimeout(timer))
  }

  #receive(message: FromHost): void {
    if (message.t === 'failed') this.#handshake?.reject(new HsmError(message.error))
    else if (message.t === 'ready') {
      if (message.version !== protocolVersion) {
        this.#handshake?.reject(hsmError('HSM-HOST-FAILED', 'client and host are of different builds'))
        this.kill('closed', 'wrong build')
        return
      }
      this.#open = true
      this.#handshake?.resolve(message.library)
    }
  }

  /** The host is ours, but what it loaded may not be: an answer that is none ends it. */
  #results(piece: Buffer): void {
    let results: Frame[]
    try {
      results = this.#reader.push(piece)
      if (!results.every(({ value }) => Array.isArray(value))) throw new RangeError('frame: no answer')
    } catch {
      piece.fill(0)
      this.#frames.destroy()
      this.#child.kill('SIGKILL')
      return
    }
    if (results.length > 0) this.#events.onResults(results)
  }

  #end(how: string): void {
    if (this.#ended) return
    this.#ended = true
    this.#gone.resolve()
    // What is still to be written is wiped by that.
    this.#frames.destroy()
    this.#writer.discard()
    this.#reader.discard()
    const detail = this.#ending?.detail ?? how
    this.#handshake?.reject(
      this.#ending?.reason === 'timeout'
        ? hsmError('HSM-LIBRARY-TIMEOUT', detail)
        : hsmError(
            /cannot be started/.test(how) ? 'HSM-HOST-FAILED' : 'HSM-LIBRARY-CRASHED',
            `while loading the library: ${detail}`,
          ),
    )
    if (this.#open) this.#events.onExit(this.#ending?.reason ?? 'crashed', detail)
  }
}
