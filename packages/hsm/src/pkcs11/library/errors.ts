import { CKR } from '../../constants.ts'
import { HsmError } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { ckrTable, describeCkr } from './codes.ts'

const numberOfName: ReadonlyMap<string, number> = new Map(
  [...ckrTable.values()].map((e) => [e.name, e.number]),
)

/** Typed error of a return code. `doing` says what we asked, in words. */
export function ckrError(rv: number, doing: string): HsmError {
  const entry = describeCkr(rv)
  return hsmError(entry.code, `${doing}: ${entry.meaning}`, { name: entry.name, number: rv })
}

export function check(rv: number | bigint, doing: string): void {
  if (Number(rv) !== 0) throw ckrError(Number(rv), doing)
}

/**
 * Return code of an error thrown by pkcs11js, or null when it is none. The number is taken from the text: some calls
 * leave `code` undefined, and codes that the addon does not know come as `CKR_VENDOR_DEFINED:27`.
 */
export function ckrOf(error: unknown): number | null {
  if (error instanceof HsmError) return error.ckr?.number ?? null
  if (!(error instanceof Error)) return null
  const text = `${error.message}\n${error.stack ?? ''}`
  const numbered = /CKR_\w+:(\d+)/.exec(text)
  if (numbered?.[1]) return Number(numbered[1])
  const code: unknown = 'code' in error ? error.code : undefined
  const named = /\b(CKR_[A-Z_0-9]+)\b/.exec(text)
  if (named?.[1]) {
    if (typeof code === 'number' && code !== 0) return code
    return numberOfName.get(named[1]) ?? null
  }
  return null
}

/** The typed error of whatever a pkcs11js call threw; a mistake of ours stays what it is. */
export function typed(doing: string, error: unknown): unknown {
  if (error instanceof HsmError || error instanceof RangeError) return error
  const rv = ckrOf(error)
  if (rv !== null) return ckrError(rv, doing)
  return hsmError(
    'HSM-CALL-INVALID',
    `${doing}: ${error instanceof Error ? error.message : 'unknown failure'}`,
  )
}

/** Runs one pkcs11js call and gives its failure a type. */
export function call<T>(doing: string, fn: () => T): T {
  try {
    return fn()
  } catch (error) {
    throw typed(doing, error)
  }
}

/** As `call`, while a library starts. No token was reached yet, so its error names none. */
export function starting<T>(doing: string, fn: () => T): T {
  try {
    return call(doing, fn)
  } catch (error) {
    throw error instanceof HsmError && error.ckr !== null
      ? hsmError('HSM-LIBRARY-FAILED', error.detail, error.ckr)
      : error
  }
}

/** Gives a refusal back as a value, for probes and reports that expect one. */
export function attempt<T>(fn: () => T): { ok: true; value: T } | { ok: false; error: HsmError } {
  try {
    return { ok: true, value: fn() }
  } catch (error) {
    if (error instanceof HsmError) return { ok: false, error }
    throw error
  }
}

/** The token is gone, or our session is: nothing that was asked was answered. */
const gone: ReadonlySet<string> = new Set([
  'CKR_CRYPTOKI_NOT_INITIALIZED',
  'CKR_DEVICE_REMOVED',
  'CKR_SESSION_CLOSED',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SLOT_ID_INVALID',
  'CKR_TOKEN_NOT_PRESENT',
])

/** A fault of the token's own, which says as little about its rules. */
const fault: ReadonlySet<string> = new Set([
  'CKR_DEVICE_ERROR',
  'CKR_DEVICE_MEMORY',
  'CKR_HOST_MEMORY',
  'CKR_USER_NOT_LOGGED_IN',
])

/** Whether the token or our session is gone. */
export const isGone = ({ ckr }: HsmError): boolean => gone.has(ckr?.name ?? '')

/** Whether the token reports a fault of its own: it has refused nothing. */
export const isFault = ({ ckr }: HsmError): boolean => fault.has(ckr?.name ?? '')

/** As `attempt`; a token or session that is gone is no refusal and throws. */
export function attemptPresent<T>(fn: () => T): ReturnType<typeof attempt<T>> {
  const result = attempt(fn)
  if (!result.ok && isGone(result.error)) throw result.error
  return result
}

/**
 * As `attempt`, to find out what the token allows: only its refusal is an answer. A fault throws, because an attack that
 * could not be tried has not been held.
 */
export function attemptRefusal<T>(fn: () => T): ReturnType<typeof attempt<T>> {
  const result = attemptPresent(fn)
  if (result.ok) return result
  const { ckr, code } = result.error
  if (
    (isFault(result.error) && ckrOf(result.error) !== CKR.DEVICE_ERROR) ||
    (ckr === null && code === 'HSM-DEVICE-ERROR')
  )
    throw result.error
  return result
}

/**
 * Tokens refuse with the first three, and fail with them too (kryoptic reports a tampered blob as a failure). The last means that an
 * earlier call was left half-way.
 */
const unclear: ReadonlySet<number> = new Set([
  CKR.GENERAL_ERROR,
  CKR.FUNCTION_FAILED,
  CKR.DEVICE_ERROR,
  CKR.OPERATION_ACTIVE,
])

/** Whether an answer says nothing of the token's rules. */
export const isUnclear = (error: HsmError): boolean => unclear.has(ckrOf(error) ?? -1)

/** Whether an attribute could not be read for a reason that says nothing of the token's rules. */
export const isUnclearName = (reason: string): boolean =>
  reason === 'CKR_GENERAL_ERROR' || reason === 'CKR_FUNCTION_FAILED' || reason === 'CKR_DEVICE_ERROR'

type Tried<T> =
  | { readonly ok: true; readonly value: T }
  /** `undecided`: the token also refused the harmless call, so it is unknown whether it withstands the attack. */
  | { readonly ok: false; readonly error: HsmError; readonly undecided: boolean }

/**
 * Tries an attack. A vague code counts as a refusal only on two conditions. The same call with a harmless argument works right after it,
 * and then the attack gets the same code again. A token that refuses the harmless call too has decided nothing.
 */
export function tryAttack<T>(attack: () => T, harmless: () => unknown): Tried<T> {
  const first = attemptRefusal(attack)
  if (first.ok) return first
  if (!isUnclear(first.error)) return { ...first, undecided: false }
  if (!attemptRefusal(harmless).ok) return { ...first, undecided: true }
  const second = attemptRefusal(attack)
  return second.ok ? second : { ...second, undecided: false }
}
