import '@lux/ui/styles/radix.css'
import '@lux/ui/styles/base.css'
import '@lux/ui/styles/components.css'
import '@lux/ui/styles/qr.css'
import './styles/phone.css'
import { directionOf } from '@lux/ui/i18n'
import { createRoot } from 'react-dom/client'
import { App, loadOpen } from './app.tsx'
import { keepApp } from './components/offline.ts'
import { firstLanguage, startI18n } from './i18n/start.ts'
import { look, warm } from './stores/phone.ts'

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
