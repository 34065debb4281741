import { create } from 'zustand'

/**
 * Whether this phone has the app stored and opens it without a network. `newer`: it stored another version too, which starts after this one
 * is closed. `replaced`: another version took over while the app was open. Our own versions never do that.
 */
export const useOffline = create<{ state: 'unknown' | 'never' | 'kept' | 'newer' | 'replaced' }>(() => ({
  state: 'unknown',
}))

/** Has the browser store the app. A failure here costs only the use without a network. */
export async function keepApp(): Promise<void> {
  // Not there on pages that are not served securely, although the types say otherwise.
  const workers = navigator.serviceWorker as ServiceWorkerContainer | undefined
  if (workers === undefined) return useOffline.setState({ state: 'never' })
  // Our own worker waits until the app is opened again, and never claims an open page.
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
