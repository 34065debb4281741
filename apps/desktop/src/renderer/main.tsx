import './nonce.ts'
import '@lux/ui/styles/radix.css'
import '@fontsource-variable/noto-sans/wght.css'
import '@fontsource-variable/noto-sans-arabic/wght.css'
import '@fontsource-variable/noto-sans-mono/wght.css'
import '@lux/ui/styles/letters.css'
import '@lux/ui/styles/base.css'
import './styles/frame.css'
import './styles/parts.css'
import './styles/outcomes.css'
import './styles/tables.css'
import './styles/home.css'
import './styles/tokens.css'
import './styles/log.css'
import './styles/stage.css'
import './styles/runner.css'
import './styles/setup.css'
import './styles/approvals.css'
import './styles/designer.css'
import '@lux/ui/styles/components.css'
import '@lux/ui/styles/acts.css'
import '@lux/ui/styles/qr.css'
import '@lux/ui/styles/ceremony.css'
import '@lux/ui/styles/contrast.css'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { startI18n } from './i18n/start.ts'
import { ceremonies } from './stores/remotes.ts'
import { useRoute } from './stores/route.ts'
import { listenToCore, loadShell, useShell } from './stores/shell.ts'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

listenToCore()
void loadShell()
askForHome()
await startI18n()
createRoot(root).render(<App />)

/** Home's list is on its way while the page is still being drawn. */
function askForHome(): void {
  if (useRoute.getState().name !== 'home') return
  const stop = useShell.subscribe(({ core }) => {
    if (core.state !== 'ready') return
    stop()
    void ceremonies.load({})
  })
}
