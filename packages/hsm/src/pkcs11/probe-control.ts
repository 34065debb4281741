import { CKR } from '../constants.ts'
import type { HsmError } from '../device.ts'
import { attemptRefusal, ckrOf } from './library/errors.ts'

/** Tokens refuse by the first two and fail by them; the third says that an earlier call was left half-way. */
const unclear: ReadonlySet<number> = new Set([CKR.GENERAL_ERROR, CKR.FUNCTION_FAILED, CKR.OPERATION_ACTIVE])

/** Whether an answer says nothing of the token's rules. */
export const isUnclear = (error: HsmError): boolean => unclear.has(ckrOf(error) ?? -1)

/** Whether an attribute could not be read for a reason that says nothing of the token's rules. */
export const isUnclearName = (reason: string): boolean =>
  reason === 'CKR_GENERAL_ERROR' || reason === 'CKR_FUNCTION_FAILED'

export type Tried<T> =
  | { readonly ok: true; readonly value: T }
  /** `undecided`: nothing is known of what the token makes of the attack. */
  | { readonly ok: false; readonly error: HsmError; readonly undecided: boolean }

/**
 * Tries an attack. A code that says nothing is a refusal of it only where the same call with a harmless argument works right
 * after it and the attack is then answered so once more; the token that cannot do the harmless one either has decided nothing.
 */
export function tryAttack<T>(attack: () => T, harmless: () => unknown): Tried<T> {
  const first = attemptRefusal(attack)
  if (first.ok) return first
  if (!isUnclear(first.error)) return { ...first, undecided: false }
  if (!attemptRefusal(harmless).ok) return { ...first, undecided: true }
  const second = attemptRefusal(attack)
  return second.ok ? second : { ...second, undecided: false }
}
