import { burntSet, type State } from '@lux/ceremony'
import type { Plan } from '@lux/ceremony/plan'
import { ExpectedError } from '@lux/node-files'

/** Sets that runs of this workstation burnt. A rehearsal's backup is a stand-in and burns nothing. */
export function burntIn(states: Iterable<State>): ReadonlySet<string> {
  const sets = [...states].filter(({ domain }) => domain === 'production').map(burntSet)
  return new Set(sets.filter((set) => set !== null))
}

/** Errors: BACKUP-SET-BURNT. */
export function requireUnburnt({ recovery }: Plan, burnt: ReadonlySet<string>): void {
  const set = recovery?.backup.set
  if (set !== undefined && burnt.has(set))
    throw new ExpectedError('BACKUP-SET-BURNT', `the set ${set} was opened by an earlier drill or restore`)
}
