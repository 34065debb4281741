import { FaultBoundary, LuxTheme } from '@lux/ui'
import { lazy, type ReactNode, Suspense } from 'react'
import { Home } from './home/home.tsx'
import { Frame } from './shell/frame.tsx'
import { useInteractive } from './stores/interactive.ts'
import { type Route, useRoute } from './stores/route.ts'
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
      return <Ceremonies />
    case 'run':
      return id === null ? <Ceremonies /> : <Runner key={id} id={id} />
    case 'setup':
      return id === null ? <Ceremonies /> : <Setup key={id} id={id} />
    case 'script':
      return id === null ? <Ceremonies /> : <Designer key={id} id={id} />
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
