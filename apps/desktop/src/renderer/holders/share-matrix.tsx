import { FailureNotice, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Failure, type ShareView, shareStates } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Outcome } from '../components/outcome.tsx'
import { useFormats } from '../i18n/format.ts'
import { useRemote } from '../stores/remote.ts'
import { shares } from '../stores/remotes.ts'

/** Each holder's share of each key, and how far it has come. `ceremony`: of this one alone. */
export function ShareMatrix({ ceremony }: { ceremony?: string }) {
  const { t } = useTranslation()
  const remote = useRemote(shares, {})
  const [failure, setFailure] = useState<Failure | null>(null)
  const all = (remote.value?.shares ?? []).filter(
    (one) => ceremony === undefined || one.ceremony === ceremony,
  )
  const done = all.filter(({ state }) => state === 'proved').length
  if (remote.failure) return <FailureNotice failure={remote.failure} onRetry={() => void shares.again()} />
  if (all.length === 0) return null

  async function received({ ceremony: id, epoch, name: holder }: ShareView): Promise<void> {
    const answer = await call('shares.received', { id, epoch, holder })
    setFailure(answer.ok ? null : answer.error)
    if (answer.ok) shares.put(answer.value)
  }

  return (
    <section className="panel share-matrix" aria-labelledby="share-matrix">
      <h2 id="share-matrix" className="panel-body share-title" role="status">
        {done === all.length
          ? t('holders.matrix.all', { count: done })
          : t('holders.matrix.some', { done, all: all.length })}
      </h2>
      {failure ? <FailureNotice failure={failure} /> : null}
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
      <section className="table-wrap" tabIndex={0} aria-labelledby="share-matrix">
        <table className="table">
          <thead>
            <tr>
              <th scope="col">{t('holders.matrix.holder')}</th>
              <th scope="col">{t('holders.matrix.key')}</th>
              {shareStates.map((state) => (
                <th key={state} scope="col">
                  {t(`holders.state.${state}`)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {all.map((share) => (
              <tr key={`${share.name} ${share.ceremony} ${share.epoch}`}>
                <th scope="row">
                  <Rec>{share.name}</Rec>
                </th>
                <td>
                  {t('holders.share', { index: share.index })} <Rec>{share.key}</Rec>
                  {share.epoch === 0 ? null : <> · {t('holders.epoch', { epoch: share.epoch })}</>} ·{' '}
                  <Rec>{share.title}</Rec>
                </td>
                {shareStates.map((stage) => (
                  <td key={stage}>
                    <Stage share={share} stage={stage} onReceived={() => void received(share)} />
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      <p className="quiet panel-body">{t('holders.matrix.whence')}</p>
    </section>
  )
}

function Stage({
  share,
  stage,
  onReceived,
}: {
  share: ShareView
  stage: ShareView['state']
  onReceived: () => void
}) {
  const { t } = useTranslation()
  const format = useFormats()
  const noted = stage === 'sent' ? share.sent : stage === 'received' ? share.received : null
  if (stage === 'received' && share.state === 'sent')
    return (
      <Button
        type="button"
        size="1"
        variant="surface"
        color="gray"
        highContrast
        aria-label={t('holders.matrix.has-it-for', { name: share.name })}
        onClick={onReceived}
      >
        {t('holders.matrix.has-it')}
      </Button>
    )
  const reached = shareStates.indexOf(stage) <= shareStates.indexOf(share.state)
  return (
    <Outcome tone={reached ? 'good' : 'none'}>
      <span className={noted === null ? 'visually-hidden' : undefined}>
        {noted === null ? (
          t(reached ? 'holders.matrix.done' : 'holders.matrix.open')
        ) : (
          <Rec>{format.time(noted.at)}</Rec>
        )}
      </span>
    </Outcome>
  )
}
