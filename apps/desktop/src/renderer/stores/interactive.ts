import { useEffect, useRef } from 'react'
import { call } from '../client.ts'
import { ceremonies } from './remotes.ts'
import type { RouteName } from './route.ts'
import { useShell } from './shell.ts'

/**
 * Tells main once that a person can work: the screen has the person's settings, Home has its next action, and both have
 * been painted. A core that cannot start counts too, as the window then says what to do.
 */
export function useInteractive(route: RouteName): void {
  const told = useRef(false)
  const stopped = useShell(({ core }) => core.state === 'stopped')
  const settled = useShell((state) => state.settled)
  const listed = ceremonies(({ value, failure }) => value !== null || failure !== null)
  const interactive = stopped || (settled && (listed || route !== 'home'))
  useEffect(() => {
    if (!interactive || told.current) return
    told.current = true
    // Two frames: the first is asked for now, the second begins only when the first has been painted.
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        void call('shell.ready', { route: location.hash.slice(0, 200) })
        useShell.setState({ interactive: true })
        document.documentElement.dataset.interactive = 'true'
      }),
    )
  }, [interactive])
}
