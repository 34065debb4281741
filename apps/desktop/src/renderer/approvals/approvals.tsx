import { EmptyState, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { ApprovalView } from '../../contract/index.ts'
import { Loaded } from '../components/loading.tsx'
import { Screen } from '../components/screen.tsx'
import { UnreadableRuns } from '../components/unreadable-runs.tsx'
import { useFormats } from '../i18n/format.ts'
import { useRemote } from '../stores/remote.ts'
import { approvals } from '../stores/remotes.ts'
import { hrefOf } from '../stores/route.ts'
import { Request } from './request.tsx'

/** Requests to decrypt, each decided alone: the list, and the one that is open. */
export function Approvals({ digest }: { digest: string | null }) {
  const { t } = useTranslation()
  const remote = useRemote(approvals, {})
  return (
    <Screen name="approvals" title={t('approvals.title')} lead={t('approvals.lead')}>
      <Loaded remote={remote} store={approvals}>
        {({ requests, unreadable }) => {
          const open = requests.find((one) => one.digest === digest) ?? requests[0]
          return (
            <>
              <UnreadableRuns runs={unreadable} again={approvals.again} />
              {open === undefined ? (
                <EmptyState
                  icon="approvals"
                  title={t('approvals.none')}
                  what={t('approvals.none-what')}
                  action={<a href={hrefOf('ceremonies')}>{t('approvals.none-do')}</a>}
                />
              ) : (
                <div className="queue">
                  <nav aria-label={t('approvals.list')}>
                    <ul className="panel list queue-list">
                      {requests.map((one) => (
                        <li key={`${one.ceremony} ${one.digest}`}>
                          <Entry request={one} open={one.digest === open.digest} />
                        </li>
                      ))}
                    </ul>
                  </nav>
                  <Request key={open.digest} request={open} />
                </div>
              )}
            </>
          )
        }}
      </Loaded>
    </Screen>
  )
}

function Entry({ request, open }: { request: ApprovalView; open: boolean }) {
  const { t } = useTranslation()
  const format = useFormats()
  const { what, title, state, expiry, digest } = request
  return (
    <a
      className="queue-entry"
      href={hrefOf('approvals', digest)}
      {...(open ? { 'aria-current': 'true' } : {})}
    >
      <strong>
        <Rec>{what}</Rec>
      </strong>
      <span className="quiet">
        <Rec>{title}</Rec>
      </span>
      <span>{t(`approvals.state.${state}`)}</span>
      <span className="quiet">
        {t('approvals.ends')} <Rec>{format.time(expiry)}</Rec>
      </span>
    </a>
  )
}
