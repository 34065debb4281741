import type { Outcome } from '../../src/index.ts'

/** What was accepted; a refusal fails the test by its name. */
export function accepted<T>(outcome: Outcome<T>): T {
  if (outcome.ok) return outcome.value
  throw new Error(`${outcome.rule}: ${outcome.detail}`)
}

export const ruleOf = (outcome: Outcome<unknown>): string => (outcome.ok ? 'accepted' : outcome.rule)
