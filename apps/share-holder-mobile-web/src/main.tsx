import '@lux/ui/styles/radix.css'
import '@lux/ui/styles/base.css'
import '@lux/ui/styles/components.css'
import '@lux/ui/styles/acts.css'
import '@lux/ui/styles/qr.css'
import './styles/phone.css'
import { FaultBoundary, LuxTheme } from '@lux/ui'
import { directionOf } from '@lux/ui/i18n'
import { lazy, Suspense } from 'react'
import { createRoot } from 'react-dom/client'
import { useIdleLock } from './components/idle-lock.ts'
import { keepApp } from './components/offline.ts'
import { firstLanguage, startI18n } from './i18n/start.ts'
import { keepToOwnScripts } from './own-scripts.ts'
import { Enrol } from './screens/enrol.tsx'
import { Unlock } from './screens/unlock.tsx'
import { look, usePhone, warm } from './stores/phone.ts'

// Before anything names a script.
keepToOwnScripts(Reflect.get(window, 'trustedTypes'), document.baseURI)

const loadOpen = () => import('./open.tsx')

const Open = lazy(async () => ({ default: (await loadOpen()).Open }))

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

document.documentElement.lang = firstLanguage()
document.documentElement.dir = directionOf(firstLanguage())
await Promise.all([startI18n(), look()])
createRoot(root).render(<App />)
// A timer set in a frame runs after it is drawn, so the worker starts only then.
requestAnimationFrame(() =>
  setTimeout(() => {
    warm()
    void loadOpen().catch(() => undefined)
    void keepApp()
  }),
)

function App() {
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
