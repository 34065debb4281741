import type { Outcome, Refusal } from '@lux/crypto'
import { ExpectedError } from '@lux/node-files'

/** A refusal as the failure of a call. */
export function refuse(refusal: Refusal<string> | null): void {
  if (refusal !== null) throw new ExpectedError(refusal.rule, refusal.detail)
}

/** What was accepted; a refusal is the failure of a call. */
export function needed<T>(outcome: Outcome<T, string>): T {
  if (outcome.ok) return outcome.value
  throw new ExpectedError(outcome.rule, outcome.detail)
}
