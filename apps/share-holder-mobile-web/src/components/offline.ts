import { create } from 'zustand'

/**
 * Whether the app is kept on this phone and opens without a network. `newer`: another version is kept too, which takes over once this app
 * was closed. `replaced`: another one took over while this app was open, which a version of ours never does.
 */
export const useOffline = create<{ state: 'unknown' | 'never' | 'kept' | 'newer' | 'replaced' }>(() => ({
  state: 'unknown',
}))

/** Has the browser keep the app. What goes wrong here costs nothing but that. */
export async function keepApp(): Promise<void> {
  // Absent where a page is not served securely, although the types say otherwise.
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined
  if (workers === undefined) return useOffline.setState({ state: 'never' })
  // Ours waits until it is opened anew, and claims no page.
  workers.addEventListener('controllerchange', () => useOffline.setState({ state: 'replaced' }))
  try {
    const registration = await workers.register('./sw.js', { scope: './', updateViaCache: 'none' })
    const look = (): void => {
      if (useOffline.getState().state === 'replaced') return
      if (registration.waiting !== null && registration.active !== null)
        useOffline.setState({ state: 'newer' })
      else if (registration.active !== null) useOffline.setState({ state: 'kept' })
    }
    const follow = (): void => registration.installing?.addEventListener('statechange', look)
    registration.addEventListener('updatefound', follow)
    follow()
    look()
    await workers.ready
    look()
  } catch {
    useOffline.setState({ state: 'never' })
  }
}
