import { CKR } from './constants.ts'
import { attempt, call, ckrOf } from './errors.ts'
import type { Handle, Module } from './module.ts'

/**
 * Sessions for work on keys, beside the one that makes them: each carries one operation at a time, so that calls of
 * different sessions proceed and an operation that a failure left open spoils nothing else. Keys belong to the login, not
 * to these sessions, and outlive them.
 */
export class Lanes {
  readonly #module: Module
  readonly #slot: Handle
  #limit: number
  readonly #free: Handle[] = []
  readonly #atWork = new Set<Handle>()

  constructor(module: Module, slot: Handle, limit: number) {
    this.#module = module
    this.#slot = slot
    this.#limit = limit
  }

  get limit(): number {
    return this.#limit
  }

  /** null: every session is at work, or the token allows no more. */
  take(): Handle | null {
    const session = this.#free.pop() ?? this.#opened()
    if (session) this.#atWork.add(session)
    return session
  }

  #opened(): Handle | null {
    if (this.#atWork.size >= this.#limit) return null
    const opened = attempt(() => this.#module.openSession(this.#slot))
    if (opened.ok) return opened.value
    if (ckrOf(opened.error) !== CKR.SESSION_COUNT) throw opened.error
    this.#limit = this.#atWork.size
    return null
  }

  /** A session that was at work when all were closed is closed now: it would keep the login alive. */
  give(session: Handle): void {
    if (this.#atWork.delete(session)) this.#free.push(session)
    else this.#close(session)
  }

  /** A session that may hold a half-done operation, or that the token has closed. */
  discard(session: Handle): void {
    this.#atWork.delete(session)
    this.#close(session)
  }

  /** Those at work stay open until their call is back: a session that is closed during it ends the process. */
  closeAll(): void {
    for (const session of this.#free.splice(0)) this.#close(session)
    this.#atWork.clear()
  }

  #close(session: Handle): void {
    try {
      call('closing a session', () => this.#module.p11.C_CloseSession(session))
    } catch {
      // It is given up either way; a token that is gone closes nothing.
    }
  }
}

const slowMs = 0.4
const remeasureEvery = 32

/**
 * Whether a kind of work is worth a thread. Handing a call to one costs about as much as a soft token's whole answer, but
 * a token behind a wire or a 4096-bit key would hold up everybody else. The quicker of the last two calls counts: a busy
 * computer makes one call slow, a slow token makes every call slow.
 */
export class Pace {
  readonly #kinds = new Map<string, { last: number; before: number; calls: number }>()

  wantsThread(kind: string): boolean {
    const known = this.#kinds.get(kind)
    if (!known || Math.min(known.last, known.before) < slowMs) return false
    known.calls += 1
    return known.calls % remeasureEvery !== 0
  }

  tookInline(kind: string, ms: number): void {
    const known = this.#kinds.get(kind)
    if (!known) {
      this.#kinds.set(kind, { last: ms, before: 0, calls: 0 })
      return
    }
    known.before = known.last
    known.last = ms
  }
}
