import type { PinState, TokenInfo, UserKind } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { profileOf } from '../../profiles/profiles.ts'

/** Whose PIN it is, in words. */
export const nameOfUser: Readonly<Record<UserKind, string>> = { user: 'user', so: 'SO' }

/** Refuses before a PIN is sent: one that is locked, and the last try where nobody has taken it on. */
export function requireTriesLeft(
  serial: string,
  user: UserKind,
  state: PinState,
  acceptFinalTry: boolean,
  why = '',
): void {
  if (state === 'locked')
    throw hsmError('HSM-PIN-LOCKED', `the ${nameOfUser[user]} PIN of token ${serial} is locked`)
  if (state === 'final' && !acceptFinalTry)
    throw hsmError('HSM-PIN-FINAL-TRY', `the next wrong ${nameOfUser[user]} PIN locks token ${serial}${why}`)
}

type Limits = Pick<TokenInfo, 'minPinLength' | 'maxPinLength' | 'manufacturer' | 'model'>

/** CK_UNAVAILABLE_INFORMATION, as much of it as a number keeps. */
const untold = 0xffff_ffff

/**
 * The token's own limits, checked before it sees a PIN of this user: tokens take one that is too short for a wrong try.
 * Limits that cannot be met are none, and some tokens tell those of one user's PIN alone (`PinRules.limitsOf`).
 * Errors: HSM-PIN-INVALID.
 */
export function requirePinLength(info: Limits, user: UserKind, ...pins: readonly Uint8Array[]): void {
  const { minPinLength: least, maxPinLength: most, manufacturer, model } = info
  // A maximum of 0 is none.
  const longest = most === 0 ? Number.POSITIVE_INFINITY : most
  if (least > longest || least >= untold) return
  if (profileOf(manufacturer, model).pin.limitsOf?.includes(user) === false) return
  for (const { length } of pins) {
    if (length < least || length > longest)
      throw hsmError(
        'HSM-PIN-INVALID',
        `a PIN has ${most === 0 ? `${least} bytes or more` : `${least} to ${most} bytes`}, this one ${length}`,
      )
  }
}
