import type { RunView } from '../../contract/index.ts'

export type RunPerson = { name: string; roles: string[]; standIn: boolean }

/** Each person once, with every seat that they have. */
export function peopleOf(view: Pick<RunView, 'people'>): RunPerson[] {
  const people = new Map<string, RunPerson>()
  for (const { name, role, standIn } of view.people) {
    const known = people.get(name)
    if (known === undefined) people.set(name, { name, roles: [role], standIn })
    else if (!known.roles.includes(role)) known.roles.push(role)
  }
  return [...people.values()]
}

const leading = ['administrator', 'operator', 'officer']

/** Who may pause, go on, stop and propose a decision: whoever leads and is in the room. */
export function leadersOf(view: Pick<RunView, 'people' | 'here'>): RunPerson[] {
  return presentIn(view).filter(({ roles }) => roles.some((role) => leading.includes(role)))
}

/** One person plays everybody: whose name it is asked for is then no question. Whoever acts for themselves is asked, in a rehearsal too. */
export function playedAlone({ domain, people }: Pick<RunView, 'domain' | 'people'>): boolean {
  return domain === 'rehearsal' && people.every(({ standIn }) => standIn)
}

/** Whom the room still waits for at the roll call: of each role that lacks people, those who are not here. Stand-ins always are. */
export function stillNeeded(
  { inRoom, people }: Pick<RunView, 'inRoom' | 'people'>,
  here: readonly string[],
): string[] {
  const isHere = (name: string) =>
    here.includes(name) || people.some((one) => one.name === name && one.standIn)
  const lacking = inRoom.filter(({ names, atLeast }) => names.filter(isHere).length < atLeast)
  return [...new Set(lacking.flatMap(({ names }) => names.filter((name) => !isHere(name))))]
}

/** Who is in the room, by the transcript: everybody, where it does not say. */
export function presentIn(view: Pick<RunView, 'people' | 'here'>): RunPerson[] {
  const { here } = view
  return peopleOf(view).filter(({ name }) => here === null || here.includes(name))
}

/** Who is not in the room: they neither act nor say that they have seen something, until they tick that they have come. */
export function awayFrom(view: Pick<RunView, 'people' | 'here'>): ReadonlySet<string> {
  const { here, people } = view
  return new Set(people.flatMap(({ name }) => (here === null || here.includes(name) ? [] : [name])))
}
