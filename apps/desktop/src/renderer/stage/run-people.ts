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

/** Who may pause, go on, stop and propose a decision. */
export function leadersOf(view: Pick<RunView, 'people'>): RunPerson[] {
  return peopleOf(view).filter(({ roles }) => roles.some((role) => leading.includes(role)))
}

/** One person plays everybody: whose name it is asked for is then no question. Whoever acts for themselves is asked, in a rehearsal too. */
export function playedAlone({ domain, people }: Pick<RunView, 'domain' | 'people'>): boolean {
  return domain === 'rehearsal' && people.every(({ standIn }) => standIn)
}
