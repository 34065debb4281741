import '@lux/ui/styles/radix.css'
import '@fontsource-variable/noto-sans/wght.css'
import '@fontsource-variable/noto-sans-arabic/wght.css'
import '@fontsource-variable/noto-sans-mono/wght.css'
import '@lux/ui/styles/letters.css'
import '@lux/ui/styles/base.css'
import '@lux/ui/styles/components.css'
import './styles/frame.css'
import './styles/parts.css'
import { FailureNotice, FaultBoundary, LuxTheme } from '@lux/ui'
import { directionOf } from '@lux/ui/i18n'
import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { useEffect } from 'react'
import { createRoot } from 'react-dom/client'
import { useTranslation } from 'react-i18next'
import { failureFrom, Refused } from './api/client.ts'
import { useSession } from './api/queries.ts'
import { useAppearance } from './components/appearance.ts'
import { firstLanguage, startI18n } from './i18n/start.ts'
import { Doorstep } from './screens/doorstep.tsx'
import { Shell } from './screens/shell.tsx'

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

/** Whatever asks after the session ended brings the log-in back. */
const lookAgain = (error: unknown): void => {
  if (error instanceof Refused && error.failure.code === 'ACCESS-REFUSED')
    void queryClient.invalidateQueries({ queryKey: ['session'] })
}

const queryClient: QueryClient = new QueryClient({
  queryCache: new QueryCache({ onError: lookAgain }),
  mutationCache: new MutationCache({ onError: lookAgain }),
  defaultOptions: {
    queries: {
      staleTime: 5000,
      retry: (times, error) => times < 2 && error instanceof Refused && error.status === 0,
    },
    // An answer may be a decrypted text, or a secret that is shown once.
    mutations: { gcTime: 0 },
  },
})

document.documentElement.lang = firstLanguage()
document.documentElement.dir = directionOf(firstLanguage())
await startI18n()
createRoot(root).render(
  <QueryClientProvider client={queryClient}>
    <App />
  </QueryClientProvider>,
)

function App() {
  const appearance = useAppearance()
  const { t } = useTranslation()
  const title = t('console.name')
  useEffect(() => {
    document.title = title
  }, [title])
  return (
    <LuxTheme appearance={appearance}>
      <FaultBoundary place="console">
        <Within />
      </FaultBoundary>
    </LuxTheme>
  )
}

function Within() {
  const { t } = useTranslation()
  const session = useSession()
  if (session.data === undefined)
    return (
      <main className="doorstep">
        {session.isError ? (
          <FailureNotice failure={failureFrom(session.error)} onRetry={() => void session.refetch()} />
        ) : (
          <p role="status">{t('console.loads')}</p>
        )}
      </main>
    )
  return session.data.person === null ? <Doorstep session={session.data} /> : <Shell session={session.data} />
}
