import { CKR, CKU } from '../../constants.ts'
import { HsmError } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { endWithParent } from '../../protect-process.ts'
import type { Handle } from '../library/module.ts'
import { requirePinLength, requireTriesLeft } from './pin-tries.ts'
import type { TokenSession } from './session.ts'

const refusedAtPad: ReadonlySet<number> = new Set([CKR.CANCEL, CKR.FUNCTION_CANCELED, CKR.FUNCTION_REJECTED])

/** Whoever stands at the pad may refuse there: that is their answer, and no fault of the token. */
export function atPad<T>(pad: boolean, act: () => T): T {
  if (!pad) return act()
  // Nobody could end a library that waits for a person after its program is gone.
  const untie = endWithParent()
  try {
    return act()
  } catch (error) {
    if (!(error instanceof HsmError) || !refusedAtPad.has(error.ckr?.number ?? -1)) throw error
    throw hsmError('HSM-PAD-CANCELLED', 'the PIN entry was refused at the token’s own pad', error.ckr)
  } finally {
    untie()
  }
}

/** A PIN for one use of one key. */
export type UsePin = { readonly pin?: Uint8Array | 'pin-pad'; readonly acceptFinalTry?: boolean }

/**
 * For a key that asks for the PIN at every use: the context-specific login of PKCS#11, once the operation has begun. It is a
 * try like any other, so the PIN's state and length are looked at first, before anything has begun.
 */
export class LoginForUse {
  readonly #token: TokenSession
  readonly #pin: UsePin['pin']
  #sent = false

  constructor(token: TokenSession, { pin, acceptFinalTry }: UsePin) {
    this.#token = token
    this.#pin = pin
    if (pin === undefined) return
    const info = token.info()
    if (pin === 'pin-pad' && !info.pinPad)
      throw hsmError('HSM-UNSUPPORTED', `token ${token.serial} has no PIN pad`)
    requireTriesLeft(token.serial, 'user', info.pin.user, acceptFinalTry === true)
    if (pin !== 'pin-pad') requirePinLength(info, 'user', pin)
  }

  get asked(): boolean {
    return this.#pin !== undefined
  }

  /** Whether a person's PIN is spent: what fails after it is not begun again. */
  readonly spent = (): boolean => this.#sent

  logIn(session: Handle): void {
    const pin = this.#pin
    if (pin === undefined) return
    this.#sent = true
    const { module } = this.#token
    atPad(pin === 'pin-pad', () =>
      module.login(session, CKU.CONTEXT_SPECIFIC, pin === 'pin-pad' ? null : pin),
    )
  }
}
