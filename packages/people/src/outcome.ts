import { FormatError, type Outcome as Ruled, type Refusal as RuledRefusal } from '@lux/crypto'

/** Which of the things that were handed over a refusal is about: the caller knows its path or its place on the screen. */
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

/** An expected no: `rule` is a code and i18n key, `detail` is for people and holds no secret. */
export type Refused = RuledRefusal<Given>
export type Outcome<T> = Ruled<T, Given>

/** A no on its way out of nested checks. It never leaves this package. */
class Refusal extends Error {
  readonly refused: Refused

  constructor(refused: Refused) {
    super(refused.rule)
    this.refused = refused
  }
}

/** Ends the check that is under way with a no. */
export function no(rule: string, detail: string, file?: Given): never {
  throw new Refusal({ ok: false, rule, detail, ...(file === undefined ? {} : { file }) })
}

/** The value of what was accepted; a refusal ends the check that is under way. */
export function need<T>(outcome: Outcome<T>, file?: Given): T {
  if (outcome.ok) return outcome.value
  const about = file ?? outcome.file
  return no(outcome.rule, outcome.detail, about)
}

/** What `check` gives, and its no as a value. What is malformed is a no too; anything else is a fault and thrown. */
export function checked<T>(check: () => T, file?: Given): Outcome<T> {
  try {
    return { ok: true, value: check() }
  } catch (error) {
    return refusedBy(error, file)
  }
}

/** As `checked`, of what takes its time. */
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
