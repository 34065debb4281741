import {
  type Command,
  decide,
  type Effect,
  type ExceptionDecision,
  type Failure,
  type HeardWords,
  type OwnEffect,
  owed,
  type Refusal,
  type RunView,
  view,
} from '@lux/ceremony'
import { encodeCanonical, type Json, sha256Hex, toHex, wipe } from '@lux/crypto'
import { HsmError, requireHardToGuess } from '@lux/hsm'
import { ExpectedError, fromSystemError, writeDurably } from '@lux/node-files'
import { type Absence, closeAborted, keyLeftBehind } from '../closing/close-aborted.ts'
import { type RunContext, sessionLost } from '../effects/context.ts'
import { lateOpening } from '../effects/opening/policy-expiry.ts'
import { look, perform, stopsAtCancel } from '../effects/perform.ts'
import type { GivenPin } from '../effects/token/pin-box.ts'
import { packageFile } from '../folder/places.ts'
import { record } from '../folder/project.ts'

export type Work = { what: string; fraction: number | null; startedAt: string }

/** One run: commands in, events on disk, and whatever the state then owes is done, one effect at a time. */
export class Run {
  readonly #context: Omit<RunContext, 'signal' | 'progress'>
  readonly #changed: () => void
  #abort: AbortController | null = null
  #work: Work | null = null
  #working: OwnEffect['kind'] | null = null
  #pumping: Promise<void> | null = null
  #lastRefusal: Refusal | null = null
  #storageError: unknown = null
  #tokenError: Failure | null = null

  constructor(context: Omit<RunContext, 'signal' | 'progress'>, changed: () => void) {
    this.#context = context
    this.#changed = changed
  }

  get folder(): RunContext['folder'] {
    return this.#context.folder
  }

  get work(): Work | null {
    return this.#work
  }

  view(): RunView {
    return view(this.folder.state)
  }

  /** What the machine would do next, were nothing missing. */
  owed(): Effect | null {
    return owed(this.folder.state)
  }

  /**
   * Puts a person's command on disk, or refuses it and changes nothing. The machine's work then starts by itself.
   * Errors: DISK-FULL, FOLDER-READ-ONLY; after one the run must be loaded again.
   */
  submit(command: Command): Refusal | null {
    const refusal = lateOpening(this.#context, command) ?? this.#apply(command)
    if (refusal === null) this.#start()
    return refusal
  }

  /**
   * A person says go; `now` by this workstation's clock: another is compared with it. `heard`: whose words were read aloud,
   * and who heard them. `here`: who is in the room, at the roll call. Errors: those of submit.
   */
  proceed(
    step: string,
    by: string,
    input: Record<string, string> = {},
    {
      now = this.#context.clock.now(),
      heard = [],
      here,
    }: { now?: string; heard?: readonly HeardWords[]; here?: readonly string[] | undefined } = {},
  ): Refusal | null {
    const said = here === undefined ? {} : { here }
    return this.submit({ type: 'proceed', step, by, input, heard, ...said, now })
  }

  /**
   * What keeps this run from going on in this process: its log or its files could not be written, so what is in memory
   * may be ahead of the disk. Nothing is lost; loading the run again looks at the token first.
   */
  get storageError(): unknown {
    return this.#storageError
  }

  /** Why the token could not be reached in this process; null again once it has done what was asked of it. */
  get tokenError(): Failure | null {
    return this.#tokenError
  }

  /**
   * Takes a requester's package. It lies on disk before the log names it, because the log holds only the request and not
   * the provenance behind it. Errors: DISK-FULL, FOLDER-READ-ONLY.
   */
  takeRequest(decryption: string, given: Json, now = this.#context.clock.now()): Refusal | null {
    const digest = sha256Hex(encodeCanonical(given))
    this.folder.writeDocument(packageFile(digest), given)
    return this.submit({ type: 'take-request', decryption, package: given, now })
  }

  /** A file that came with an answer. It lies on disk before the log has the answer. Errors: those of the disk. */
  keep(path: string, bytes: Uint8Array): void {
    writeDurably(path, bytes, 0o644)
  }

  /** Proposes what to do about the open exception; officers then sign it. */
  decide(decision: ExceptionDecision, by: string, reason: string): Refusal | null {
    const head = this.folder.headAt(this.folder.state.size)
    return this.submit({ type: 'decide-exception', by, decision, reason, head })
  }

  /**
   * `pin-pad`: somebody stands at the token's own pad, for one entry there. Errors: HSM-PIN-TRIVIAL of a PIN that is being chosen,
   * HSM-PIN-SAME of one for both users of a token that the step initialises.
   */
  enterPin(token: string, user: 'user' | 'so', pin: GivenPin): void {
    if (pin !== 'pin-pad' && this.#initialises()) {
      try {
        if (this.#choosesPin(token, user)) requireHardToGuess(pin)
        this.#context.pins.requireOther(token, user, pin)
      } catch (error) {
        wipe(pin)
        throw error
      }
    }
    this.#context.pins.put(token, user, pin)
    this.#start()
  }

  #initialises(): boolean {
    const { needs } = this.view()
    return needs?.kind === 'pin' && needs.willDo === 'initialise-token'
  }

  /** A token that the step initialises gets a new user PIN, and one that is blank a security officer’s too. */
  #choosesPin(token: string, user: 'user' | 'so'): boolean {
    const { needs } = this.view()
    if (needs?.kind !== 'pin') return false
    return needs.pins.some(
      (need) => need.token === token && need.user === user && (user === 'user' || need.serial === ''),
    )
  }

  get hsm(): RunContext['hsm'] {
    return this.#context.hsm
  }

  get keyChild(): RunContext['keyChild'] {
    return this.#context.keyChild
  }

  /** Whether a PIN that the next effect needs has been typed. */
  hasPin(token: string, user: 'user' | 'so'): boolean {
    return this.#context.pins.has(token, user)
  }

  /** Whether Cancel stops the work under way at once and leaves nothing behind. */
  get cancellable(): boolean {
    return this.#work !== null && (stopsAtCancel(this.#work.what) || stopsAtCancel(this.#working ?? ''))
  }

  /** Closes an aborted run: see closeAborted. `pin` logs the user in first, null where somebody is. */
  async closeAborted(pin: GivenPin | null): Promise<Absence | null> {
    const { folder, hsm } = this.#context
    const left = keyLeftBehind(folder)
    if (left === null) return null
    if (pin !== null) await hsm.token(left.serial).logIn({ user: 'user', pin })
    return closeAborted(this.#context)
  }

  cancel(): void {
    this.#abort?.abort()
  }

  /** Tells the engine that whatever was on its way is gone, when the state is not at rest. Sent once after loading. */
  interrupted(reason: string): void {
    this.#context.pins.clear()
    this.#apply({ type: 'pause', by: 'machine', cause: 'restart', reason })
  }

  /** The token's host process died and was started again: its session and everything in it are gone. */
  hostRestarted(reason: string): void {
    if (this.#work !== null || !this.folder.state.tokens.some(({ loggedIn }) => loggedIn)) return
    if (this.view().needs !== null) this.interrupted(`the token’s host process ${reason}`)
  }

  /** PINs that were typed and are not on their way. */
  forgetPins(): void {
    if (this.#work === null) this.#context.pins.clear()
  }

  /** Tokens that went away, or were logged out, while nothing was asked of them: `what` was done to them. */
  sessionsEnded(serials: readonly string[], what: string): void {
    const lost = this.folder.state.tokens.find(({ loggedIn, serial }) => loggedIn && serials.includes(serial))
    if (this.#work !== null || lost === undefined) return
    if (this.view().needs !== null) this.interrupted(`the token ${lost.serial} was ${what}`)
  }

  /** Whoever waits for the pump sees how it ends, and `storageError` keeps it for everybody else. */
  #start(): void {
    this.pump().catch(() => undefined)
  }

  /** Does what is owed until a person is needed. Resolves when nothing more can be done without one. */
  pump(): Promise<void> {
    this.#pumping ??= this.#drain().finally(() => {
      this.#pumping = null
    })
    return this.#pumping
  }

  async #drain(): Promise<void> {
    for (;;) {
      if (this.#storageError !== null) throw this.#storageError
      const effect = owed(this.folder.state)
      if (effect === null) return
      if (effect.pins.some(({ token, user }) => !this.#context.pins.has(token, user))) return
      if (!(await this.#step(effect))) return
    }
  }

  /** False when the run cannot go on by itself. */
  async #step(effect: Effect): Promise<boolean> {
    const { step, attempt } = effect
    if (effect.kind === 'reconcile') {
      const finding = await this.#doing(effect.of, (run) => look(effect.of, run))
      if ('failure' in finding) return this.#pauseOrFail(effect.of, finding.failure, finding.lost)
      return this.#went({ type: 'reconcile', step, attempt, finding: finding.value })
    }
    if (effect.intent === 'needed') {
      const { entropy } = this.#context
      const nonce = toHex(entropy.bytes(16))
      return this.#went({ type: 'intend', step, attempt, nonce, rootId: toHex(entropy.bytes(16)) })
    }
    const done = await this.#doing(effect, (run) => perform(effect, run))
    // Each PIN is for this attempt, whether the token was asked with it or not.
    for (const { token, user } of effect.pins) this.#context.pins.drop(token, user)
    if ('failure' in done) return this.#pauseOrFail(effect, done.failure, done.lost)
    this.#tokenError = null
    return this.#went({ type: 'outcome', step, attempt, effect: effect.kind, result: done.value })
  }

  #pauseOrFail(effect: OwnEffect, failure: Failure, lost: boolean): boolean {
    if (lost) {
      this.#tokenError = failure
      this.interrupted(`${failure.code}: ${failure.detail}`)
      return false
    }
    const { step, attempt, kind } = effect
    return this.#went({ type: 'outcome', step, attempt, effect: kind, failure })
  }

  async #doing<T>(
    effect: OwnEffect,
    act: (run: RunContext) => Promise<T>,
  ): Promise<{ value: T } | { failure: Failure; lost: boolean }> {
    const abort = new AbortController()
    this.#abort = abort
    this.#working = effect.kind
    this.#report(effect.kind, null)
    try {
      const value = await act({
        ...this.#context,
        signal: abort.signal,
        progress: (what, fraction) => this.#report(what, fraction),
      })
      return { value }
    } catch (error) {
      if (error instanceof HsmError) {
        return { failure: { code: error.code, detail: error.detail }, lost: sessionLost.has(error.code) }
      }
      if (error instanceof ExpectedError)
        return { failure: { code: error.code, detail: error.detail }, lost: false }
      const system = fromSystemError(error)
      if (system?.code !== 'DISK-FULL') throw error
      return { failure: { code: system.code, detail: system.detail }, lost: false }
    } finally {
      this.#abort = null
      this.#work = null
      this.#working = null
      this.#changed()
    }
  }

  #report(what: string, fraction: number | null): void {
    const startedAt = this.#work?.startedAt ?? this.#context.clock.now()
    this.#work = { what, fraction, startedAt }
    this.#changed()
  }

  /** A refused outcome after an interruption is no fault: the attempt is looked at again once the run resumes. */
  #went(command: Command): boolean {
    const refusal = this.#apply(command)
    this.#lastRefusal = this.folder.state.paused === 'restart' ? null : refusal
    return refusal === null
  }

  /** The engine's refusal of the machine's own last command: null unless something is wrong with the tool itself. */
  get internalRefusal(): Refusal | null {
    return this.#lastRefusal
  }

  #apply(command: Command): Refusal | null {
    if (this.#storageError !== null) throw this.#storageError
    const decision = decide(this.folder.state, command)
    if (!decision.ok) return decision
    try {
      record(this.folder, decision.events, this.#context)
    } catch (error) {
      this.#storageError = error
      throw error
    }
    this.#changed()
    return null
  }
}

/** Who leads a run where nobody is named: an administrator who is in the room, else an operator. */
export function leader({ folder }: Pick<Run, 'folder'>): string {
  const { people } = folder.plan
  const { here } = folder.state
  const isHere = ({ name }: { name: string }) => here === null || here.includes(name)
  const first = (role: string) => people.find((person) => person.role === role && isHere(person))
  return (first('administrator') ?? first('operator') ?? people[0])?.name ?? ''
}
