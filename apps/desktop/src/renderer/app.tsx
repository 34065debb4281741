import { FaultBoundary, LuxTheme } from '@lux/ui'
import { lazy, type ReactNode, Suspense, useEffect, useRef } from 'react'
import { call } from './client.ts'
import { Home } from './home/home.tsx'
import { Frame } from './shell/frame.tsx'
import { ceremonies } from './stores/remotes.ts'
import { type Route, type RouteName, useRoute } from './stores/route.ts'
import { useShell } from './stores/shell.ts'

// Home is what a start waits for; every other screen is read when it is first opened.
const Approvals = lazy(() =>
  import('./approvals/approvals.tsx').then(({ Approvals }) => ({ default: Approvals })),
)
const Bundles = lazy(() => import('./bundles/bundles.tsx').then(({ Bundles }) => ({ default: Bundles })))
const Ceremonies = lazy(() =>
  import('./ceremonies/ceremonies.tsx').then(({ Ceremonies }) => ({ default: Ceremonies })),
)
const Designer = lazy(() => import('./designer/designer.tsx').then(({ Designer }) => ({ default: Designer })))
const Holders = lazy(() => import('./holders/holders.tsx').then(({ Holders }) => ({ default: Holders })))
const Runner = lazy(() => import('./runner/runner.tsx').then(({ Runner }) => ({ default: Runner })))
const Setup = lazy(() => import('./setup/setup.tsx').then(({ Setup }) => ({ default: Setup })))
const Settings = lazy(() => import('./settings/settings.tsx').then(({ Settings }) => ({ default: Settings })))
const Tokens = lazy(() => import('./tokens/tokens.tsx').then(({ Tokens }) => ({ default: Tokens })))
const Transcript = lazy(() =>
  import('./transcript/transcript.tsx').then(({ Transcript }) => ({ default: Transcript })),
)

function screenOf({ name, id }: Route): ReactNode {
  switch (name) {
    case 'home':
      return <Home />
    case 'ceremonies':
      return <Ceremonies id={id} />
    case 'run':
      return id === null ? <Ceremonies id={null} /> : <Runner key={id} id={id} />
    case 'setup':
      return id === null ? <Ceremonies id={null} /> : <Setup key={id} id={id} />
    case 'script':
      return id === null ? <Ceremonies id={null} /> : <Designer key={id} id={id} />
    case 'tokens':
      return <Tokens serial={id} />
    case 'holders':
      return <Holders />
    case 'approvals':
      return <Approvals digest={id} />
    case 'bundles':
      return <Bundles />
    case 'transcript':
      return <Transcript id={id} />
    case 'settings':
      return <Settings />
  }
}

export function App() {
  const route = useRoute()
  const theme = useShell(({ settings }) => settings.theme)
  useInteractive(route.name)
  return (
    <LuxTheme appearance={theme}>
      <FaultBoundary place="window">
        <Frame>
          <FaultBoundary place={route.name}>
            <Suspense>{screenOf(route)}</Suspense>
          </FaultBoundary>
        </Frame>
      </FaultBoundary>
    </LuxTheme>
  )
}

/**
 * Tells main once that a person can work: the screen has the person's settings, Home has its next action, and both have
 * been painted. A core that cannot start counts too, as the window then says what to do.
 */
function useInteractive(route: RouteName): void {
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
