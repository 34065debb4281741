import type { State } from '../../model/state.ts'

/** How many signatures are still needed before as many officers as either version asks for have signed. */
export function stillToSign({ nextPolicy, terms }: Pick<State, 'nextPolicy' | 'terms'>): number {
  if (nextPolicy === null) return 0
  const { signers, staying, ahead, quorum } = nextPolicy
  const ofNext = signers.filter((name) => staying.includes(name)).length + ahead.length
  return Math.max(0, terms.officers - signers.length, quorum - ofNext)
}
