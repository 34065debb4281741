import { useSyncExternalStore } from 'react'

export const pages = [
  ...([
    'overview',
    'keys',
    'keys/elsewhere',
    'requests',
    'requests/approvals',
    'requests/decryptions',
  ] as const),
  ...([
    'audit',
    'audit/alerts',
    'audit/reports',
    'people',
    'people/review',
    'people/sign-on',
    'people/kmip',
  ] as const),
  ...(['places', 'api', 'account'] as const),
] as const

export type At = { readonly page: (typeof pages)[number] } | { readonly page: 'key'; readonly id: string }

/** The page that an address names; null where it names none. */
export function pageOf(route: readonly string[]): At | null {
  if (route.length === 0) return { page: 'overview' }
  const named = route.join('/')
  const page = pages.find((one) => one === named)
  if (page !== undefined) return { page }
  const [first, id] = route
  return first === 'keys' && id !== undefined && route.length === 2 ? { page: 'key', id } : null
}

/** The page's place: the parts of its address after the #, which browsers send to no server. */
export function useRoute(): readonly string[] {
  return routeOf(useSyncExternalStore(listen, () => location.hash))
}

export function routeOf(hash: string): readonly string[] {
  const parts = hash.replace(/^#\/?/, '').split('/').filter(Boolean)
  try {
    return parts.map(decodeURIComponent)
  } catch {
    return parts
  }
}

function listen(changed: () => void): () => void {
  addEventListener('hashchange', changed)
  return () => removeEventListener('hashchange', changed)
}

export const to = (...parts: readonly string[]): string => `#/${parts.map(encodeURIComponent).join('/')}`

export function go(...parts: readonly string[]): void {
  location.hash = to(...parts)
}
