import { FormatError, type Outcome as Ruled, type Refusal as RuledRefusal } from '@lux/crypto'

/** Which of the given files a refusal is about. The caller knows its path or its place on the screen. */
export type Given =
  | 'answer'
  | 'approval'
  | 'bundle'
  | 'card'
  | 'checkpoint'
  | 'ciphertext'
  | 'closeout'
  | 'correction'
  | 'envelope'
  | 'epoch-live'
  | 'key'
  | 'memory'
  | 'opening'
  | 'plan'
  | 'policy'
  | 'previous-policy'
  | 'public'
  | 'received'
  | 'redeal'
  | 'request'
  | 'seeds'
  | 'share'
  | 'state'
  | 'transcript'

/** A refusal. `rule`: a code and i18n key. `detail`: for people, without secrets. */
export type Refused = RuledRefusal<Given>
export type Outcome<T> = Ruled<T, Given>

/** Carries a refusal out of nested checks. It never leaves this package. */
class Refusal extends Error {
  readonly refused: Refused

  constructor(refused: Refused) {
    super(refused.rule)
    this.refused = refused
  }
}

/** Ends the present check with a refusal. */
export function no(rule: string, detail: string, file?: Given): never {
  throw new Refusal({ ok: false, rule, detail, ...(file === undefined ? {} : { file }) })
}

/** The value of an accepted outcome. A refusal ends the present check. */
export function need<T>(outcome: Outcome<T>, file?: Given): T {
  if (outcome.ok) return outcome.value
  const about = file ?? outcome.file
  return no(outcome.rule, outcome.detail, about)
}

/** Runs `check`, and returns its refusal as a value. Malformed input is a refusal too. Any other error is a fault and is thrown. */
export function checked<T>(check: () => T, file?: Given): Outcome<T> {
  try {
    return { ok: true, value: check() }
  } catch (error) {
    return refusedBy(error, file)
  }
}

/** As `checked`, for asynchronous checks. */
export async function checkedLater<T>(check: () => Promise<T>, file?: Given): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await check() }
  } catch (error) {
    return refusedBy(error, file)
  }
}

function refusedBy(error: unknown, file: Given | undefined): Refused {
  if (error instanceof Refusal) return error.refused
  if (!(error instanceof FormatError)) throw error
  const { rule, detail } = error
  return { ok: false, rule, detail, ...(file === undefined ? {} : { file }) }
}
