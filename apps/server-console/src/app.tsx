import { FailureNotice, FaultBoundary, LuxTheme } from '@lux/ui'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { failureFrom } from './api/client.ts'
import { useSession } from './api/queries.ts'
import { useAppearance } from './components/appearance.ts'
import { Doorstep } from './screens/doorstep.tsx'
import { Shell } from './screens/shell.tsx'

export function App() {
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
