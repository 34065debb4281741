import { keepPreviousData, useQuery } from '@tanstack/react-query'
import type { Part } from '../components/list.tsx'
import { call, Refused } from './client.ts'
import type { Role } from './limits.ts'
import type {
  Grant,
  Identity,
  Key,
  KeyVersion,
  ListedIdentity,
  ListedKey,
  Organisation,
  Project,
  Session,
} from './types.ts'

export function useSession() {
  return useQuery({
    queryKey: ['session'],
    queryFn: () => call<Session>('GET', '/console/session'),
    staleTime: 60_000,
  })
}

/** Who is logged in. Screens below the log-in always have somebody. */
export function usePerson(): Identity {
  const { data } = useSession()
  if (!data?.person) throw new Error('nobody is logged in')
  return data.person
}

export function has(grants: readonly Grant[], ...roles: readonly Role[]): boolean {
  return grants.some(({ role }) => roles.includes(role))
}

export type Place = { readonly organisation: Organisation; readonly projects: readonly Project[] }

/** The organisations that this person may read, with their projects. */
export function usePlaces() {
  const { grants } = usePerson()
  return useQuery({
    queryKey: ['places'],
    queryFn: async (): Promise<readonly Place[]> => {
      const { organisations } = await call<{ organisations: Organisation[] }>('GET', '/organisations')
      return placesOf(organisations, grants, async ({ id }) => {
        const { projects } = await call<{ projects: Project[] }>('GET', `/projects?organisationId=${id}`)
        return projects
      })
    },
  })
}

/** An organisation whose projects the server does not list takes no page away: what roles name is shown. */
export async function placesOf(
  organisations: readonly Organisation[],
  grants: readonly Grant[],
  projectsIn: (organisation: Organisation) => Promise<readonly Project[]>,
): Promise<readonly Place[]> {
  const asked = await Promise.all(
    organisations.map(async (organisation): Promise<Place | null> => {
      try {
        return { organisation, projects: await projectsIn(organisation) }
      } catch (error) {
        if (error instanceof Refused && error.status === 404) return null
        throw error
      }
    }),
  )
  const known = asked.filter((place) => place !== null)
  return [...known, ...ownPlaces(grants, known)]
}

/** Whether these roles read an organisation itself, and not only some of its projects. */
export const readsOrganisation = (grants: readonly Grant[], organisation: string): boolean =>
  has(
    grants.filter(
      ({ organisationId, projectId }) =>
        organisationId === null || (organisationId === organisation && projectId === null),
    ),
    ...(['server-admin', 'organisation-admin', 'crypto-officer', 'auditor'] as const),
  )

/** Somebody who only uses a project's keys may not read its organisation, so both names come from their roles. */
export function ownPlaces(grants: readonly Grant[], known: readonly Place[]): Place[] {
  const places = new Map<string, { organisation: Organisation; projects: Project[] }>()
  for (const { organisationId, organisationName, projectId, projectName } of grants) {
    if (organisationId === null || projectId === null) continue
    if (known.some(({ organisation }) => organisation.id === organisationId)) continue
    const place = places.get(organisationId) ?? {
      organisation: { id: organisationId, name: organisationName ?? '', ceremonyOnly: false, createdAt: '' },
      projects: [],
    }
    if (!place.projects.some(({ id }) => id === projectId))
      place.projects.push({ id: projectId, name: projectName ?? '', organisationId, createdAt: '' })
    places.set(organisationId, place)
  }
  return [...places.values()]
}

type Kind = Identity['kind']
type Identities = {
  readonly identities: readonly ListedIdentity[]
  readonly totalCount: number
  /** Of everybody, whatever was searched for. */
  readonly allCount: number
  readonly withoutFactor: number
}

/** What a list is asked for beside a search: names and values of the API's own. An empty one asks for nothing. */
export type Filters = Readonly<Record<string, string>>

/** One page of a list as the query of a call. */
export const asked = ({ search, offset, limit }: Part, filters: Filters): string =>
  new URLSearchParams({
    ...Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== '')),
    ...{ search, offset: String(offset), limit: String(limit) },
  }).toString()

/** One page of the people or services that this person governs. */
export function useIdentities(kind: Kind, part: Part, enabled = true, filters: Filters = {}) {
  const query = asked(part, { ...filters, kind })
  return useQuery({
    queryKey: ['identities', query],
    queryFn: () => call<Identities>('GET', `/identities?${query}`),
    placeholderData: keepPreviousData,
    enabled,
  })
}

export type ProjectChoice = { readonly value: string; readonly label: string }

/** The projects where a person has this role, with their organisations' names. */
export function projectsAs(
  role: Role,
  grants: readonly Grant[],
  places: readonly Place[],
): readonly ProjectChoice[] {
  return places.flatMap(({ organisation, projects }) =>
    projects
      .filter(({ id }) =>
        grants.some(
          (grant) =>
            grant.role === role &&
            grant.organisationId === organisation.id &&
            (grant.projectId === null || grant.projectId === id),
        ),
      )
      .map(({ id, name }) => ({ value: id, label: `${organisation.name} / ${name}` })),
  )
}

export function useKeys(projectId: string, part: Part, filters: Filters) {
  return useQuery({
    queryKey: ['keys', projectId, part, filters],
    queryFn: () => keysOf(projectId, part, filters),
    placeholderData: keepPreviousData,
  })
}

export type Keys = {
  readonly keys: readonly ListedKey[]
  readonly totalCount: number
  /** Of all keys of the project, by state. */
  readonly counts: Readonly<Record<KeyState, number>>
}
export const keyStates = ['any', 'serving', 'stopped', 'ending', 'rotating', 'due'] as const
type KeyState = (typeof keyStates)[number]

/** A part of the keys of a project, in whatever state. */
export const keysOf = (projectId: string, part: Part, filters: Filters = {}): Promise<Keys> =>
  call<Keys>('GET', `/kms/keys?${asked(part, { state: 'any', ...filters, projectId, details: 'true' })}`)

export function useKey(id: string) {
  return useQuery({
    queryKey: ['key', id],
    queryFn: async () => (await call<{ key: Key }>('GET', `/kms/keys/${id}`)).key,
  })
}

export function useVersions(id: string) {
  return useQuery({
    queryKey: ['versions', id],
    queryFn: async () => (await call<{ versions: KeyVersion[] }>('GET', `/kms/keys/${id}/versions`)).versions,
  })
}
