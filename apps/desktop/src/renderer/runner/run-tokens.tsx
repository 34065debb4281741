import { Code, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { Outcome } from '../components/outcome.tsx'
import { PinLine } from '../components/pin-line.tsx'

/** The tokens of a run, whether each is here, and how its user PIN stands: what a decision about one depends on. */
export function RunTokens({ tokens }: { tokens: RunView['tokens'] }) {
  const { t } = useTranslation()
  return (
    <dl className="facts">
      {tokens.map(({ role, serial, label, present, pin }) => (
        <div key={role} className="fact-group">
          <dt>
            {t('runner.token')} <Rec>{label === '' ? role : label}</Rec>
          </dt>
          <dd className="actions">
            {present ? (
              <>
                <PinLine pin={pin} /> <Code>{serial}</Code>
              </>
            ) : serial === '' ? (
              t('runner.token-new')
            ) : (
              <>
                <Outcome tone="bad">{t('runner.token-away')}</Outcome> <Code>{serial}</Code>
              </>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}
