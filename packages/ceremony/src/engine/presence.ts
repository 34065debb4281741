import type { NeededInRoom } from '../model/run-view.ts'
import type { State } from '../model/state.ts'
import type { Role } from '../plan/plan.ts'
import { namesOf, stepsOf } from '../plan/queries.ts'
import { isConfirmed, stagesOf } from '../steps/stages.ts'

/**
 * Who has to be in the room, by role: one for the steps that somebody of the role does by hand, and of officers and witnesses as many
 * as sign together. Whoever answers with a file of their own is not called.
 */
export function neededInRoom({ plan, terms }: Pick<State, 'plan' | 'terms'>): NeededInRoom[] {
  const byHand = stepsOf(plan).filter(({ step }) => stagesOf(step.do).some(isConfirmed))
  const least = new Map<Role, number>(byHand.map(({ step }) => [step.actor, 1]))
  const quorums: readonly [Role, number][] = [
    ['officer', terms.officers],
    ['witness', terms.witnesses],
  ]
  for (const [role, quorum] of quorums) if (quorum > 0) least.set(role, quorum)
  return [...least].map(([role, atLeast]) => ({ role, names: namesOf(plan, role), atLeast }))
}
