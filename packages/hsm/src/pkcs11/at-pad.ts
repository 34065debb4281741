import { HsmError } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { endWithParent } from '../protect-process.ts'
import { CKR, CKU } from './constants.ts'
import type { Handle } from './module.ts'
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

/** For a key that asks for the PIN at every use: the context-specific login of PKCS#11, once the operation has begun. */
export function logInForUse(
  token: TokenSession,
  session: Handle,
  pin: Uint8Array | 'pin-pad' | undefined,
): void {
  if (pin === undefined) return
  const pad = pin === 'pin-pad'
  if (pad && !token.info().pinPad) throw hsmError('HSM-UNSUPPORTED', `token ${token.serial} has no PIN pad`)
  atPad(pad, () => token.module.login(session, CKU.CONTEXT_SPECIFIC, pin === 'pin-pad' ? null : pin))
}
