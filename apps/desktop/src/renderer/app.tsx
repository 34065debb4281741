import { Theme } from '@radix-ui/themes'
import { Direction } from 'radix-ui'
import { type ReactNode, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from './client.ts'
import { Frame } from './components/frame.tsx'
import { directionOf } from './i18n/start.ts'
import { Bundles } from './screens/bundles.tsx'
import { Ceremonies } from './screens/ceremonies.tsx'
import { Holders } from './screens/holders.tsx'
import { Home } from './screens/home.tsx'
import { Runner } from './screens/runner.tsx'
import { Settings } from './screens/settings.tsx'
import { Tokens } from './screens/tokens.tsx'
import { Transcript } from './screens/transcript.tsx'
import { type Route, useRoute } from './stores/route.ts'
import { useShell } from './stores/shell.ts'

function screenOf({ name, id }: Route): ReactNode {
  switch (name) {
    case 'home':
      return <Home />
    case 'ceremonies':
      return <Ceremonies />
    case 'run':
      return id === null ? <Ceremonies /> : <Runner key={id} id={id} />
    case 'tokens':
      return <Tokens serial={id} />
    case 'holders':
      return <Holders />
    case 'bundles':
      return <Bundles />
    case 'transcript':
      return <Transcript id={id} />
    case 'settings':
      return <Settings />
  }
}

const darkQuery = matchMedia('(prefers-color-scheme: dark)')

function useAppearance(): 'light' | 'dark' {
  const theme = useShell(({ settings }) => settings.theme)
  const [dark, setDark] = useState(darkQuery.matches)
  useEffect(() => {
    const listen = (): void => setDark(darkQuery.matches)
    darkQuery.addEventListener('change', listen)
    return () => darkQuery.removeEventListener('change', listen)
  }, [])
  if (theme !== 'system') return theme
  return dark ? 'dark' : 'light'
}

export function App() {
  const { i18n } = useTranslation()
  const route = useRoute()
  const settled = useShell((state) => state.settled || state.core.state === 'stopped')
  useEffect(() => {
    if (settled) void call('shell.ready', { route: location.hash.slice(0, 200) })
  }, [settled])
  return (
    <Theme
      appearance={useAppearance()}
      accentColor="indigo"
      grayColor="slate"
      radius="small"
      panelBackground="solid"
    >
      <Direction.Provider dir={directionOf(i18n.language)}>
        <Frame>{screenOf(route)}</Frame>
      </Direction.Provider>
    </Theme>
  )
}
