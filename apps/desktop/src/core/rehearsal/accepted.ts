import { ExpectedError } from '@lux/node-files'
import type { Outcome } from '@lux/people'

/** What a stand-in's device accepted. Errors: its refusal. */
export function accepted<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw new ExpectedError(outcome.rule, outcome.detail)
}
