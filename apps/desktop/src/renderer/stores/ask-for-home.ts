import { ceremonies } from './remotes.ts'
import { useRoute } from './route.ts'
import { useShell } from './shell.ts'

/** Home's list is on its way while the page is still being drawn. */
export function askForHome(): void {
  if (useRoute.getState().name !== 'home') return
  const stop = useShell.subscribe(({ core }) => {
    if (core.state !== 'ready') return
    stop()
    void ceremonies.load({})
  })
}
