import { Code, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { useRemote } from '../stores/remote.ts'
import { tokens as slots } from '../stores/remotes.ts'
import { inFours } from './largest.ts'

/** The token of a step with its serial in large type: people compare it with the device and with the bag. */
export function TokenCard({ view, role }: { view: RunView; role: string }) {
  const { t } = useTranslation()
  const { value } = useRemote(slots, {})
  const bound = view.tokens.find((token) => token.role === role)
  const blank = value?.slots.find(({ token }) => token !== null && !token.initialised)?.token ?? null
  const serial = bound?.serial || blank?.serial || ''
  const label = bound?.label || ''
  return (
    <section className="stage-card token-card" aria-label={t('stage.token')}>
      <span className="evidence-label">{t('stage.token-serial')}</span>
      {serial === '' ? (
        <p className="token-none">{t('stage.token-new')}</p>
      ) : (
        <span className="evidence-value">
          <Code>{inFours(serial)}</Code>
        </span>
      )}
      {label === '' ? null : (
        <span className="quiet">
          <Rec>{label}</Rec>
        </span>
      )}
    </section>
  )
}
