import { FaultBoundary, LuxTheme } from '@lux/ui'
import { lazy, Suspense } from 'react'
import { useIdleLock } from './components/idle-lock.ts'
import { Enrol } from './screens/enrol.tsx'
import { Unlock } from './screens/unlock.tsx'
import { usePhone } from './stores/phone.ts'

export const loadOpen = () => import('./open.tsx')

const Open = lazy(async () => ({ default: (await loadOpen()).Open }))

export function App() {
  const phase = usePhone((phone) => phone.phase)
  useIdleLock()
  const route = usePhone((phone) => phone.route)
  const Screen = phase === 'open' ? Open : phase === 'new' ? Enrol : Unlock
  return (
    <LuxTheme appearance="system">
      <FaultBoundary place={phase === 'open' ? route : phase}>
        <Suspense>
          <Screen />
        </Suspense>
      </FaultBoundary>
    </LuxTheme>
  )
}
