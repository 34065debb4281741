import { create } from 'zustand'

export const routeNames = [
  'home',
  'ceremonies',
  'run',
  'setup',
  'script',
  'tokens',
  'holders',
  'approvals',
  'bundles',
  'transcript',
  'settings',
] as const
export type RouteName = (typeof routeNames)[number]
/** `id`: a ceremony's id for run and transcript, a token's serial for tokens, a request's digest for approvals. */
export type Route = { name: RouteName; id: string | null }

function parse(hash: string): Route {
  const [, name, id] = /^#\/([a-z]+)(?:\/(.+))?$/.exec(hash) ?? []
  const known = routeNames.find((candidate) => candidate === name)
  return { name: known ?? 'home', id: id === undefined ? null : decodeURIComponent(id) }
}

export const useRoute = create<Route>(() => parse(location.hash))
addEventListener('hashchange', () => useRoute.setState(parse(location.hash)))

export function hrefOf(name: RouteName, id?: string): string {
  return id === undefined ? `#/${name}` : `#/${name}/${encodeURIComponent(id)}`
}

export function go(name: RouteName, id?: string): void {
  location.hash = hrefOf(name, id)
}
