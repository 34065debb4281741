import { useSyncExternalStore } from 'react'

/** The page's place: the parts of its address after the #, which browsers send to no server. */
export function useRoute(): readonly string[] {
  const hash = useSyncExternalStore(listen, () => location.hash)
  return hash.replace(/^#\/?/, '').split('/').filter(Boolean).map(decodeURIComponent)
}

function listen(changed: () => void): () => void {
  addEventListener('hashchange', changed)
  return () => removeEventListener('hashchange', changed)
}

export const to = (...parts: readonly string[]): string => `#/${parts.map(encodeURIComponent).join('/')}`

export function go(...parts: readonly string[]): void {
  location.hash = to(...parts)
}
