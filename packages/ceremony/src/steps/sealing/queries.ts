import type { State } from '../../model/state.ts'

/** Audiences whose receipt is not in, each once. */
export function missingAudiences(state: State): string[] {
  const audiences = [...new Set(state.destinations.map((destination) => destination.audience))]
  return audiences.filter((audience) => !state.receipts.some((receipt) => receipt.audience === audience))
}
