import type { PinState, UserKind } from '../device.ts'
import { hsmError } from '../hsm-errors.ts'

/** Refuses before a PIN is sent: one that is locked, and the last try where nobody has taken it on. */
export function requireTriesLeft(
  serial: string,
  user: UserKind,
  state: PinState,
  acceptFinalTry: boolean,
  why = '',
): void {
  if (state === 'locked') throw hsmError('HSM-PIN-LOCKED', `the ${user} PIN of token ${serial} is locked`)
  if (state === 'final' && !acceptFinalTry)
    throw hsmError('HSM-PIN-FINAL-TRY', `the next wrong ${user} PIN locks token ${serial}${why}`)
}
