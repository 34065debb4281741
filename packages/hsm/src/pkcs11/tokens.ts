import type { TokenInfo } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import type { Module } from './module.ts'
import { requirePinLength, TokenSession } from './session.ts'
import { listSlots } from './token-info.ts'

/** The tokens of one library, by serial number. */
export class Tokens {
  readonly module: Module
  readonly #lanes: number | undefined
  readonly #open = new Map<string, TokenSession>()

  constructor(module: Module, lanes?: number) {
    this.module = module
    this.#lanes = lanes
  }

  /** Serial first; uninitialised slots last and without a serial. */
  list(): TokenInfo[] {
    return listSlots(this.module)
      .map(({ info }) => ({ ...info, loggedIn: this.#open.get(info.serial)?.loggedIn ?? null }))
      .sort((a, b) => Number(b.initialised) - Number(a.initialised) || (a.serial < b.serial ? -1 : 1))
  }

  /** The token that calls have gone to already. */
  opened(serial: string): TokenSession | undefined {
    return this.#open.get(serial)
  }

  get(serial: string): TokenSession {
    const open = this.#open.get(serial)
    if (open) return open
    const matching = listSlots(this.module).filter(({ info }) => info.initialised && info.serial === serial)
    const [only] = matching
    if (!only) throw hsmError('HSM-TOKEN-ABSENT', `no token with serial ${serial} is present`)
    if (matching.length > 1)
      throw hsmError('HSM-TOKEN-DAMAGED', `${matching.length} tokens show the serial ${serial}`)
    const session = new TokenSession(this.module, only.slot, only.info, this.#lanes)
    this.#open.set(serial, session)
    return session
  }

  /** Is the token still there? Asked after a failure that a removed token could explain. */
  present(serial: string): boolean {
    return listSlots(this.module).some(({ info }) => info.initialised && info.serial === serial)
  }

  forget(serial: string): void {
    const open = this.#open.get(serial)
    this.#open.delete(serial)
    open?.close()
  }

  /**
   * Erases a token and sets both PINs. `new` takes a free slot, and the token that was not there before is the answer:
   * its serial number and slot are known only afterwards.
   */
  initialise(serial: string, options: { label: string; soPin: Uint8Array; userPin: Uint8Array }): TokenInfo {
    const before = listSlots(this.module)
    const target =
      serial === 'new'
        ? before.find(({ info }) => !info.initialised)
        : before.find(({ info }) => info.initialised && info.serial === serial)
    if (!target) {
      throw serial === 'new'
        ? hsmError('HSM-FREE-SLOT-MISSING', 'no slot holds an uninitialised token')
        : hsmError('HSM-TOKEN-ABSENT', `no token with serial ${serial} is present`)
    }
    requirePinLength(target.info, options.soPin, options.userPin)
    if (target.info.initialised) this.forget(serial)
    this.module.initToken(target.slot, options.soPin, options.label)
    const known = new Set(before.map(({ info }) => info.serial))
    const made = listSlots(this.module).find(({ slot, info }) =>
      target.info.initialised ? slot.equals(target.slot) : info.initialised && !known.has(info.serial),
    )
    if (!made) throw hsmError('HSM-DEVICE-ERROR', 'the initialised token does not appear')
    const session = new TokenSession(this.module, made.slot, made.info)
    try {
      session.logIn({ user: 'so', pin: options.soPin, keep: false })
      this.module.initPin(session.session, options.userPin)
      session.logOut()
    } finally {
      session.close()
    }
    return this.get(made.info.serial).info()
  }

  close(): void {
    for (const serial of [...this.#open.keys()]) this.forget(serial)
  }
}
