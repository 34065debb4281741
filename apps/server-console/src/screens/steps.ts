import { has } from '../api/queries.ts'
import type { Grant } from '../api/types.ts'
import { to } from '../components/route.ts'

export type Step = {
  readonly id: 'organisation' | 'project' | 'people' | 'key' | 'use'
  /** Null where this person cannot see whether it is. */
  readonly done: boolean | null
  readonly href: string
  readonly mine: boolean
}

/** What this person sees of the server: null is what no role of theirs reads. */
export type Sight = {
  readonly organisations: number
  readonly projects: number
  readonly people: number | null
  readonly keys: number | null
}

/** From an empty server to the first encrypt: what is done, and who does it. */
export function stepsOf(
  grants: readonly Grant[],
  { organisations, projects, people, keys }: Sight,
): readonly Step[] {
  // Whoever made a key was appointed.
  const appointed = keys !== null && keys > 0 ? true : people === null ? null : people > 1
  return [
    { id: 'organisation', done: organisations > 0, href: to('places'), mine: has(grants, 'server-admin') },
    { id: 'project', done: projects > 0, href: to('places'), mine: has(grants, 'organisation-admin') },
    {
      id: 'people',
      done: appointed,
      href: to('people'),
      mine: has(grants, 'organisation-admin', 'server-admin'),
    },
    {
      id: 'key',
      done: keys === null ? null : keys > 0,
      href: to('keys'),
      mine: has(grants, 'crypto-officer'),
    },
    { id: 'use', done: false, href: to('keys'), mine: has(grants, 'user') },
  ]
}
