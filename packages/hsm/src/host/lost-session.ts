import { CKR } from '../constants.ts'
import { HsmError } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'
import { isLost, type TokenSession } from '../pkcs11/session/session.ts'
import type { Tokens } from '../pkcs11/session/tokens.ts'
import { renewalFailed } from './log-in.ts'
import { repeatableOperations, type WireCall } from './protocol.ts'

const staleHandle: ReadonlySet<number> = new Set([
  CKR.OBJECT_HANDLE_INVALID,
  CKR.KEY_HANDLE_INVALID,
  CKR.WRAPPING_KEY_HANDLE_INVALID,
  CKR.UNWRAPPING_KEY_HANDLE_INVALID,
])

/** A PIN for one use was spent with the first try. */
const spentPin = (args: readonly unknown[]) =>
  args.some((arg) => typeof arg === 'object' && arg !== null && 'pin' in arg && arg.pin !== undefined)

/**
 * What to repeat after this failure, or null. Handles are simply found again. Sessions are opened again only with a PIN that was given to
 * be kept, or when nobody was logged in. Unsafe work is not repeated: the new session is open, and the person looks first.
 */
export function secondTurn(
  tokens: Tokens,
  { op, serial, args }: WireCall,
  error: unknown,
  run: () => unknown,
): (() => unknown) | null {
  if (!(error instanceof HsmError) || !error.ckr) return null
  const { number } = error.ckr
  const token = tokens.opened(serial)
  if (!token) return null
  const repeatable = repeatableOperations.has(op) && !spentPin(args)
  if (staleHandle.has(number)) {
    if (!repeatable) return null
    return () => {
      token.forgetHandles()
      return run()
    }
  }
  const gone = isLost(number) || (number === CKR.USER_NOT_LOGGED_IN && token.loggedIn !== null)
  if (!gone || !(token.keepsPin || token.loggedIn === null)) return null
  const { epoch } = token
  return () => {
    renew(token, epoch)
    if (repeatable) return run()
    throw hsmError(
      'HSM-SESSION-LOST',
      `${error.detail}; a new session is open. Look at the token before you repeat the step`,
      error.ckr,
    )
  }
}

/** Several calls can fail of one lost session: the first one renews it. */
function renew(token: TokenSession, epoch: number): void {
  if (token.epoch !== epoch) return
  try {
    token.renew()
  } catch (error) {
    throw renewalFailed(error)
  }
}
