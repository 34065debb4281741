import { CKR } from '../../constants.ts'
import { attempt, call, ckrOf } from '../library/errors.ts'
import type { Handle, Module } from '../library/module.ts'

/** A session that carries one operation at a time, and the set of sessions that it was opened with. */
export type PooledSession = { readonly session: Handle; readonly set: number }

/**
 * Sessions for work on keys, beside the one that makes them. Calls on different sessions run side by side, and a failed operation spoils
 * only its own. Keys belong to the login, so they outlive these sessions.
 */
export class SessionPool {
  readonly #module: Module
  readonly #open: () => Handle
  #limit: number
  readonly #free: PooledSession[] = []
  #set = 0
  #atWork = 0

  constructor(module: Module, open: () => Handle, limit: number) {
    this.#module = module
    this.#open = open
    this.#limit = limit
  }

  get limit(): number {
    return this.#limit
  }

  /** null: every session is at work, or the token allows no more. */
  take(): PooledSession | null {
    const pooled = this.#free.pop() ?? this.#opened()
    if (pooled !== null) this.#atWork += 1
    return pooled
  }

  #opened(): PooledSession | null {
    if (this.#atWork >= this.#limit) return null
    const opened = attempt(this.#open)
    if (opened.ok) return { session: opened.value, set: this.#set }
    if (ckrOf(opened.error) !== CKR.SESSION_COUNT) throw opened.error
    this.#limit = this.#atWork
    return null
  }

  /** A session that was at work when all were closed is closed now: it would keep the login alive. */
  give(pooled: PooledSession): void {
    if (pooled.set !== this.#set) this.#close(pooled)
    else {
      this.#atWork -= 1
      this.#free.push(pooled)
    }
  }

  /** A session that may hold a half-done operation, or that the token has closed. */
  discard(pooled: PooledSession): void {
    if (pooled.set === this.#set) this.#atWork -= 1
    this.#close(pooled)
  }

  /** Those at work stay open until their call is back: a session that is closed during it ends the process. */
  closeAll(): void {
    for (const pooled of this.#free.splice(0)) this.#close(pooled)
    this.#set += 1
    this.#atWork = 0
  }

  #close({ session }: PooledSession): void {
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
 * Whether one kind of work needs a thread. Handing it over costs about as much as a soft token's whole answer, but a slow token or a
 * 4096-bit key would block everybody. The faster of the last two calls decides, because a busy computer slows one call and a slow token
 * slows all.
 */
export class Pace {
  #last = 0
  #before = 0
  #calls = 0

  wantsThread(): boolean {
    if (this.#last < slowMs || this.#before < slowMs) return false
    this.#calls += 1
    return this.#calls % remeasureEvery !== 0
  }

  tookInline(ms: number): void {
    this.#before = this.#last
    this.#last = ms
  }
}

/** The paces of one function of a token: by mechanism or size, and by key where keys differ. */
export class Paces {
  readonly #known = new Map<string, Map<number, Pace>>()

  of(number: number, key = ''): Pace {
    let paces = this.#known.get(key)
    if (paces === undefined) {
      paces = new Map()
      this.#known.set(key, paces)
    }
    let pace = paces.get(number)
    if (pace === undefined) {
      pace = new Pace()
      paces.set(number, pace)
    }
    return pace
  }
}
