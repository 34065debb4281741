import { performance } from 'node:perf_hooks'
import { CKR } from '../../constants.ts'
import { HsmError } from '../../device.ts'
import { hsmError } from '../../hsm-errors.ts'
import { ckrOf, typed } from '../library/errors.ts'
import type { Handle } from '../library/module.ts'
import type { TokenSession } from './session.ts'
import type { Pace, PooledSession } from './session-pool.ts'

/** One operation on one session. `later` does the same as `now` on a thread of its own. */
export type Work<T> = {
  readonly pace: Pace
  readonly doing: string
  begin(session: Handle): void
  now(session: Handle): T
  later(session: Handle): Promise<T>
  /** What a failure really means; the token's own answer when left out. */
  explain?(error: HsmError): HsmError
  /** Whether the answer can be one: a token, or what lies between, that cuts it off must not pass. */
  readonly plausible?: (value: T) => boolean
  /** Ends a call that needs the person's PIN between its beginning and its end: always on our own thread. */
  readonly inline?: boolean
  /** A person's PIN has been sent: no failure begins this once more, because that would send it twice. */
  spent?(): boolean
}

/** Answers that end the operation on every token: the session can be used again. After others it may still be open. */
const ending: ReadonlySet<number> = new Set([
  CKR.DATA_INVALID,
  CKR.DATA_LEN_RANGE,
  CKR.ENCRYPTED_DATA_INVALID,
  CKR.ENCRYPTED_DATA_LEN_RANGE,
  CKR.AEAD_DECRYPT_FAILED,
  CKR.SIGNATURE_INVALID,
  CKR.SIGNATURE_LEN_RANGE,
])

function release(token: TokenSession, pooled: PooledSession | null, clean: boolean): void {
  if (pooled && clean) token.pool.give(pooled)
  else if (pooled) token.pool.discard(pooled)
  else if (!clean && token.isOpen) token.module.cancelOperation(token.session)
}

const lostOrBusy: ReadonlySet<number> = new Set([
  CKR.OPERATION_ACTIVE,
  CKR.SESSION_CLOSED,
  CKR.SESSION_HANDLE_INVALID,
])

/**
 * Runs work at once where the token is quick, else on a thread. Throws, or rejects with, HsmError. A session whose refused operation stayed
 * open is replaced, and the work begins once more on another.
 */
export function perform<T>(token: TokenSession, work: Work<T>): T | Promise<T> {
  try {
    return performOnce(token, work)
  } catch (error) {
    if (ckrOf(error) !== CKR.OPERATION_ACTIVE || work.spent?.() === true) throw error
    return performOnce(token, work)
  }
}

function performOnce<T>(token: TokenSession, work: Work<T>): T | Promise<T> {
  const pooled = token.pool.take()
  const session = pooled === null ? token.session : pooled.session
  let begun = false
  const fail = (thrown: unknown): never => {
    const error = typed(work.doing, thrown)
    const ckr = ckrOf(error)
    release(token, pooled, ckr !== null && (begun ? ending.has(ckr) : !work.inline && !lostOrBusy.has(ckr)))
    throw error instanceof HsmError && work.explain ? work.explain(error) : error
  }
  const accepted = (value: T): T => {
    if (work.plausible?.(value) === false)
      throw hsmError('HSM-DEVICE-ERROR', `${work.doing}: the token’s answer has an impossible length`)
    return value
  }
  const onThread = pooled !== null && !work.inline && token.module.threads && work.pace.wantsThread()
  const started = performance.now()
  try {
    work.begin(session)
    begun = true
    if (!onThread) {
      const value = accepted(work.now(session))
      work.pace.tookInline(performance.now() - started)
      release(token, pooled, true)
      return value
    }
  } catch (error) {
    return fail(error)
  }
  return work
    .later(session)
    .then(accepted)
    .then((value) => {
      release(token, pooled, true)
      return value
    }, fail)
}

const notDone: ReadonlySet<number> = new Set([
  CKR.MECHANISM_INVALID,
  CKR.MECHANISM_PARAM_INVALID,
  CKR.FUNCTION_NOT_SUPPORTED,
  CKR.ARGUMENTS_BAD,
])

/**
 * A mechanism or parameter that the token does not do is HSM-UNSUPPORTED with its name; one that only this key does not
 * allow is HSM-KEY-FORBIDDEN. Tokens answer CKR_MECHANISM_INVALID to both.
 */
export function explainRefusal(
  token: TokenSession,
  key: Handle,
  mechanism: number,
  what: string,
): (error: HsmError) => HsmError {
  return (error) => {
    const ckr = ckrOf(error)
    if (ckr === null || !notDone.has(ckr)) return error
    const allowed = token.allowedMechanisms(key)
    return allowed && !allowed.includes(mechanism)
      ? hsmError('HSM-KEY-FORBIDDEN', `this key does not allow ${what}`, error.ckr)
      : hsmError('HSM-UNSUPPORTED', `token ${token.serial} does not do ${what}`, error.ckr)
  }
}

/** Wrong tags and paddings come as CKR_GENERAL_ERROR (SoftHSM) or CKR_FUNCTION_FAILED; the key was accepted before. */
export const blameData =
  (detail: string) =>
  (error: HsmError): HsmError => {
    const ckr = ckrOf(error)
    return ckr === CKR.GENERAL_ERROR || ckr === CKR.FUNCTION_FAILED
      ? hsmError('HSM-DATA-INVALID', detail, error.ckr)
      : error
  }
