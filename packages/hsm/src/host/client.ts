import {
  type Hsm,
  HsmError,
  type HsmRestart,
  type Token,
  type TokenInfo,
  type TokensChange,
  type UnreadableSlot,
} from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { missingSettings, whyNoToken } from '../profiles/profiles.ts'
import { CallQueue } from './call-queue.ts'
import { HostProcess, hostEnvironment, type StartHsmOptions } from './host-process.ts'
import { deadlineFactor, type Operation, type TokenOperation, tokenOperations } from './protocol.ts'
import { type TokensSeen, TokenWatch } from './watch-tokens.ts'

const defaultCallTimeoutMs = 20_000

/** Default time at a token's own pad, unless `callTimeoutMs` says otherwise. */
export const defaultPadDeadlineMs = defaultCallTimeoutMs * deadlineFactor('logIn', true)

const maxStrikes = 3
const backoffMs = [50, 400, 2000] as const

/** Answers to these calls do not show that a crashing library works again. */
const light: ReadonlySet<Operation> = new Set<Operation>([
  'ping',
  'tokens',
  'mechanisms',
  'info',
  'pinState',
  'logIn',
  'logOut',
])

/**
 * Starts the process that loads the vendor library. Throws HsmError when the library is missing, is not a PKCS#11 library
 * for this computer, or crashes while loading.
 */
export async function startHsm(options: StartHsmOptions): Promise<Hsm> {
  const client = new Client(options)
  await client.start()
  return client
}

class Client implements Hsm {
  readonly #options: StartHsmOptions
  readonly #queue: CallQueue
  readonly #listeners = new Set<(restart: HsmRestart) => void>()
  readonly #callTimeoutMs: number
  readonly #watch: TokenWatch
  #host: HostProcess | null = null
  /** On its way to become the host. */
  #starting: HostProcess | null = null
  #nextStart: NodeJS.Timeout | null = null
  #closing: Promise<void> | null = null
  #library: Hsm['library'] | null = null
  #seen: TokensSeen | null = null
  #generation = 0
  #strikes = 0
  #state: Hsm['state'] = 'restarting'
  #heartbeat: NodeJS.Timeout | null = null

  constructor(options: StartHsmOptions) {
    this.#options = options
    this.#callTimeoutMs = options.callTimeoutMs ?? defaultCallTimeoutMs
    this.#watch = new TokenWatch({
      pollMs: options.pollMs ?? 2_000,
      look: () => (this.#state === 'ready' && this.#queue.idle ? this.#list() : null),
    })
    this.#queue = new CallQueue({
      timeoutMs: this.#callTimeoutMs,
      onTimeout: (op) => this.#host?.kill('timeout', `${op} took too long`),
      onSuccess: (op) => {
        if (!light.has(op)) this.#strikes = 0
      },
    })
  }

  get generation(): number {
    return this.#generation
  }

  get state(): Hsm['state'] {
    return this.#state
  }

  get environment(): Readonly<Record<string, string>> {
    return hostEnvironment(this.#options.library, this.#options.environment)
  }

  beside(): Promise<Hsm> {
    return startHsm(this.#options)
  }

  get pid(): number | null {
    return this.#host?.pid ?? null
  }

  get library(): Hsm['library'] {
    if (!this.#library) throw hsmError('HSM-CLOSED', 'the library was never open')
    return this.#library
  }

  onRestart(listener: (restart: HsmRestart) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  onTokensChanged(listener: (change: TokensChange) => void): () => void {
    return this.#watch.listen(listener)
  }

  async start(): Promise<void> {
    await this.#launch()
    const interval = this.#options.heartbeatMs ?? 5_000
    this.#heartbeat = setInterval(() => {
      if (this.#state === 'ready' && this.#queue.idle) this.#queue.add('ping', '', []).catch(() => {})
    }, interval)
    this.#heartbeat.unref()
  }

  async #launch(): Promise<void> {
    const generation = this.#generation + 1
    const host = new HostProcess(this.#options, {
      onResults: (results) => this.#queue.settle(results),
      onExit: (reason, detail) => this.#lost(host, reason, detail),
    })
    this.#starting = host
    try {
      this.#library = await host.open(generation, this.#options.loadTimeoutMs ?? 20_000)
    } catch (error) {
      // What it loaded may keep it from ending by itself.
      await host.end()
      throw this.#withSettings(error)
    } finally {
      this.#starting = null
    }
    if (this.#isClosed) return
    this.#generation = generation
    this.#host = host
    this.#state = 'ready'
    this.#queue.connect(host.outlet)
  }

  /** A library that does not start may miss its settings. */
  #withSettings(error: unknown): unknown {
    if (!(error instanceof HsmError) || error.code !== 'HSM-LIBRARY-FAILED') return error
    const missing = missingSettings(this.#options.library, this.environment)
    return new HsmError({ ...error, detail: [error.detail, ...missing].join('; ') })
  }

  #lost(host: HostProcess, reason: HsmRestart['reason'] | 'closed', detail: string): void {
    if (this.#host !== host) return
    this.#host = null
    if (this.#state === 'closed' || reason === 'closed') {
      this.#queue.fail(() => hsmError('HSM-CLOSED', 'the host was closed'))
      return
    }
    this.#state = 'restarting'
    let person = false
    this.#queue.disconnect((first, atPad) => {
      // Only the oldest call has a deadline. A person may cancel a PIN entry at any place in the queue.
      if (atPad && (reason === 'cancelled' || (first && reason === 'timeout'))) {
        person = true
        return padError(reason, this.padDeadlineMs)
      }
      return first && reason === 'timeout'
        ? hsmError('HSM-TIMEOUT', `the token library did not answer: ${detail}`)
        : hsmError('HSM-CRASHED', `the token library’s process ended (${detail})`)
    })
    // A person who does not come to the pad says nothing about the library.
    if (!person) this.#strikes += 1
    if (this.#strikes >= maxStrikes) this.#break(detail)
    else this.#restart(reason, detail, Math.max(0, this.#strikes - 1))
  }

  #restart(reason: HsmRestart['reason'], detail: string, round: number): void {
    this.#nextStart = setTimeout(async () => {
      if (this.#state !== 'restarting') return
      try {
        await this.#launch()
      } catch (error) {
        if (this.#isClosed) return
        this.#strikes += 1
        const text = error instanceof HsmError ? error.message : 'the host did not start'
        if (this.#strikes >= maxStrikes) this.#break(text)
        else this.#restart(reason, detail, this.#strikes - 1)
        return
      }
      // Whoever closed it meanwhile has nothing left that a listener could tell.
      if (this.#isClosed) return
      for (const listener of this.#listeners) listener({ generation: this.#generation, reason, detail })
    }, backoffMs[round] ?? 2000)
  }

  /** Asked after a wait, in which anything may have happened. */
  get #isClosed(): boolean {
    return this.#state === 'closed'
  }

  #break(detail: string): void {
    this.#state = 'broken'
    this.#queue.fail(() =>
      hsmError('HSM-BROKEN', `the token library failed ${maxStrikes} times in a row (${detail})`),
    )
  }

  get padDeadlineMs(): number {
    return this.#callTimeoutMs * deadlineFactor('logIn', true)
  }

  cancelPadEntry(): boolean {
    if (!this.#queue.atPad || this.#host === null) return false
    this.#host.kill('cancelled', 'the PIN entry at the pad was given up')
    return true
  }

  get unreadable(): readonly UnreadableSlot[] {
    return this.#seen?.unreadable ?? []
  }

  get whyNone(): readonly string[] {
    return whyNoToken(this.#options.library, this.environment, this.#seen?.emptySlots ?? 0)
  }

  async tokens(): Promise<readonly TokenInfo[]> {
    const { tokens } = this.#queue.atPad && this.#seen !== null ? this.#seen : await this.#list()
    return tokens
  }

  async #list(): Promise<TokensSeen> {
    // The host's `tokens` answers by `Tokens.list`: both ends are one build, checked in the handshake.
    const seen = (await this.#queue.add('tokens', '', [])) as TokensSeen
    this.#seen = seen
    this.#watch.saw(seen)
    return seen
  }

  token(serial: string): Token {
    if (serial !== 'new' && !/^[\x20-\x7e]{1,32}$/.test(serial))
      throw new RangeError('serial: 1 to 32 printable characters')
    const method =
      (op: TokenOperation) =>
      (...args: unknown[]) =>
        this.#queue.add(op, serial, args)
    const methods = Object.fromEntries(tokenOperations.map((op) => [op, method(op)]))
    // protocol.ts ties the list of operations to Token, and operations.ts each answer to Token's own result type.
    return Object.freeze({ serial, ...methods }) as unknown as Token
  }

  async labelled(label: string): Promise<Token> {
    const tokens = await this.tokens()
    return this.token(serialOfLabel(tokens, this.unreadable, label))
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#state = 'closed'
    if (this.#heartbeat) clearInterval(this.#heartbeat)
    if (this.#nextStart) clearTimeout(this.#nextStart)
    this.#watch.stop()
    const refusal = () => hsmError('HSM-CLOSED', 'the connection was closed')
    // It has no call yet that could write to the token.
    const started = this.#starting?.end()
    await this.#queue.drain(refusal)
    this.#queue.fail(refusal)
    await this.#host?.close(this.#callTimeoutMs)
    this.#host = null
    await started
  }
}

function padError(reason: 'timeout' | 'cancelled', ms: number): HsmError {
  return reason === 'timeout'
    ? hsmError('HSM-PAD-TIMEOUT', `no PIN was entered at the pad within ${Math.round(ms / 1000)} seconds`)
    : hsmError('HSM-PAD-CANCELLED', 'the PIN entry at the pad was given up here')
}

/**
 * The serial of a token, by its label. Refuses HSM-TOKEN-ABSENT; where a slot is unreadable and may be it, that slot's code. Refuses
 * HSM-TOKEN-AMBIGUOUS with every serial, because several tokens can have one label.
 */
function serialOfLabel(
  tokens: readonly TokenInfo[],
  unreadable: readonly UnreadableSlot[],
  label: string,
): string {
  const found = tokens.filter((token) => token.initialised && token.label === label)
  const [only] = found
  const [dark] = unreadable
  if (only === undefined && dark !== undefined)
    throw new HsmError({ ...dark, detail: `slot ${dark.slot} does not say what it holds: ${dark.detail}` })
  if (only === undefined)
    throw hsmError('HSM-TOKEN-ABSENT', `no token labelled ${JSON.stringify(label)} is present`)
  if (found.length > 1)
    throw hsmError(
      'HSM-TOKEN-AMBIGUOUS',
      `${found.length} tokens are labelled ${JSON.stringify(label)}: ${found.map(({ serial }) => serial).join(', ')}`,
    )
  return only.serial
}
