import { useQuery } from '@tanstack/react-query'
import { call } from './client.ts'
import type { Role } from './limits.ts'
import { maxPage } from './limits.ts'
import type { Grant, Identity, Key, KeyVersion, Organisation, Project, Session } from './types.ts'

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
      const known = await Promise.all(
        organisations.map(async (organisation) => ({
          organisation,
          projects: (
            await call<{ projects: Project[] }>('GET', `/projects?organisationId=${organisation.id}`)
          ).projects,
        })),
      )
      return [...known, ...ownPlaces(grants, known)]
    },
  })
}

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

/** The identities that this person governs. */
export function useIdentities(enabled = true) {
  return useQuery({
    queryKey: ['identities'],
    queryFn: async () =>
      (await call<{ identities: Identity[] }>('GET', `/identities?limit=${maxPage}`)).identities,
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

export function useKeys(projectId: string) {
  return useQuery({
    queryKey: ['keys', projectId],
    queryFn: () => keysOf(projectId),
  })
}

type Keys = { readonly keys: readonly Key[]; readonly totalCount: number }

/** The keys of a project. Those with a scheduled deletion come last. */
export async function keysOf(projectId: string): Promise<Keys> {
  const list = (more: string) => call<Keys>('GET', `/kms/keys?projectId=${projectId}&limit=${maxPage}${more}`)
  const [kept, ending] = await Promise.all([list(''), list('&pendingDeletion=true')])
  return { keys: [...kept.keys, ...ending.keys], totalCount: kept.totalCount + ending.totalCount }
}

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
