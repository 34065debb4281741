import '@lux/ui/styles/radix.css'
import '@fontsource-variable/noto-sans/wght.css'
import '@fontsource-variable/noto-sans-arabic/wght.css'
import '@fontsource-variable/noto-sans-mono/wght.css'
import '@lux/ui/styles/letters.css'
import '@lux/ui/styles/base.css'
import '@lux/ui/styles/components.css'
import './styles/frame.css'
import './styles/parts.css'
import { directionOf } from '@lux/ui/i18n'
import { QueryClientProvider } from '@tanstack/react-query'
import { createRoot } from 'react-dom/client'
import { queryClient } from './api/query-client.ts'
import { App } from './app.tsx'
import { firstLanguage, startI18n } from './i18n/start.ts'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

document.documentElement.lang = firstLanguage()
document.documentElement.dir = directionOf(firstLanguage())
await startI18n()
createRoot(root).render(
  <QueryClientProvider client={queryClient}>
    <App />
  </QueryClientProvider>,
)
