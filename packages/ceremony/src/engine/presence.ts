import type { Command, Refusal } from '../model/commands.ts'
import type { Entry } from '../model/events.ts'
import { refuse } from '../model/rules.ts'
import type { NeededInRoom } from '../model/run-view.ts'
import type { State } from '../model/state.ts'
import type { Role, Step } from '../plan/plan.ts'
import { namesOf, stepsOf } from '../plan/queries.ts'
import { stepFacts } from '../steps/facts.ts'
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

/** Of each role that lacks people in the room, those who are not here. */
function lackingInRoom(state: State, here: ReadonlySet<string>): string[] {
  const lacking = neededInRoom(state).filter(
    ({ names, atLeast }) => names.filter((name) => here.has(name)).length < atLeast,
  )
  return [...new Set(lacking.flatMap(({ names }) => names.filter((name) => !here.has(name))))]
}

const inRoom = { here: 'here', away: 'away' } as const

/**
 * What the roll call records of each person of the plan, or why it does not end yet: ROOM-02 where the room lacks people and officers
 * did not sign to go on without them. A run of version 1 takes no notes, so nobody could come later: it records nothing.
 */
export function rollCall(
  state: State,
  { id, do: kind }: Step,
  { by, here }: Pick<Extract<Command, { type: 'proceed' }>, 'by' | 'here'>,
): { ok: true; roll: Record<string, string> } | Refusal {
  const isRoll = stepFacts[kind].says === 'who is here' && state.plan.v !== 1
  if (!isRoll || (here === undefined && state.domain === 'rehearsal')) return { ok: true, roll: {} }
  if (here === undefined) return refuse('ROOM-02', 'nobody says who is here')
  const names = [...new Set(state.plan.people.map(({ name }) => name))]
  const stranger = here.find((name) => !names.includes(name))
  if (stranger !== undefined) return refuse('RUN-10', `${stranger} is nobody of this run`)
  const present = new Set([by, ...here])
  const lacking = lackingInRoom(state, present)
  const decided = state.exceptions.some(({ step, decision }) => step === id && decision === 'continue')
  if (lacking.length > 0 && !decided) return refuse('ROOM-02', lacking.join(', '))
  return {
    ok: true,
    roll: Object.fromEntries(names.map((name) => [name, present.has(name) ? inRoom.here : inRoom.away])),
  }
}

/** ROOM-01: whoever is not in the room neither acts nor decides there. Null before the roll call. */
export function absentFault({ here }: Pick<State, 'here'>, names: readonly string[]): Refusal | null {
  const absent = here === null ? [] : names.filter((name) => !here.includes(name))
  return absent.length === 0 ? null : refuse('ROOM-01', absent.join(', '))
}

/**
 * Who is in the room after an entry. Whoever comes late writes a note in their own name, or signs at the workstation itself: either
 * shows that they are here.
 */
export function hereAfter(state: State, kind: Step['do'] | null, entry: Entry): State['here'] {
  if (entry.kind === 'step.confirmed' && kind !== null && stepFacts[kind].says === 'who is here') {
    const { input } = entry.fact
    const names = [...new Set(state.plan.people.map(({ name }) => name))]
    const said = names.filter((name) => Object.hasOwn(input, name))
    return said.length === 0 ? null : names.filter((name) => input[name] !== inRoom.away)
  }
  const came = cameBy(entry)
  if (state.here === null || came === null || state.here.includes(came)) return state.here
  return state.plan.people.some(({ name }) => name === came) ? [...state.here, came] : state.here
}

function cameBy({ kind, fact }: Entry): string | null {
  if (kind === 'note.made') return fact.by
  if (!('here' in fact)) return null
  return 'name' in fact ? fact.name : fact.payload.name
}
