import type { DecryptionState, LiveEpoch, State, StepProgress } from '../../model/state.ts'
import { decryptionOf } from '../../plan/queries.ts'

/** The decryption that a step is about. */
export function decryptionAt(state: State, progress: StepProgress): DecryptionState {
  const found = state.decryptions.find(({ id }) => id === progress.step.decryption)
  if (found === undefined)
    throw new TypeError(`decryption: the plan has no ${progress.step.decryption ?? 'name'}`)
  return found
}

/** The epoch that a decryption is asked in: a canary is of the one that is not live yet. */
export function epochOf(state: State, id: string): LiveEpoch | null {
  const next = state.reshare?.next ?? null
  return decryptionOf(state.plan, id)?.canary === true ? next : state.epoch
}

/** How many holders have to answer. */
export function answersWanted(state: State, { id }: DecryptionState): number {
  return decryptionOf(state.plan, id)?.answers ?? 0
}

/** Holders whom an answers stage may still hear from. */
export function unheard(decryption: DecryptionState): string[] {
  const heard = new Set(decryption.answers.map(({ name }) => name))
  return (decryption.epoch?.holders ?? []).filter((name) => !heard.has(name))
}

export function stillWanted(state: State, decryption: DecryptionState): number {
  const given = decryption.answers.filter(({ decision }) => decision === 'approved').length
  return Math.max(0, answersWanted(state, decryption) - given)
}
