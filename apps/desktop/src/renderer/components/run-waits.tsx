import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { CurrentStep, RunView } from '../../contract/index.ts'
import { run } from '../stores/remotes.ts'
import { Icon } from './icon.tsx'
import { Rec } from './record.tsx'
import { RunTokens } from './run-tokens.tsx'

/** Why nothing goes on although nobody has failed: the run is paused, or its token is not here. */
export function RunWaits({ view, step }: { view: RunView; step: CurrentStep }) {
  const away = view.tokens.some(({ present, serial }) => !present && serial !== '')
  return (
    <>
      {view.paused === null ? null : <Paused paused={view.paused} />}
      {step.blocked === 'token-missing' || (view.paused !== null && away) ? <TokenAway view={view} /> : null}
    </>
  )
}

function TokenAway({ view }: { view: RunView }) {
  const { t } = useTranslation()
  return (
    <div className="failure" data-tone="warn" role="status" data-waits="token-missing">
      <Icon name="alert" size={18} />
      <div className="section">
        <strong>{t('runner.waits.token')}</strong>
        <span>{t('runner.waits.token-do')}</span>
        <RunTokens tokens={view.tokens.filter(({ present, serial }) => !present && serial !== '')} />
        <div>
          <Button size="1" variant="surface" color="gray" highContrast onClick={() => void run.again()}>
            {t('tokens.look-again')}
          </Button>
        </div>
      </div>
    </div>
  )
}

function Paused({ paused: { cause, by, reason } }: { paused: NonNullable<RunView['paused']> }) {
  const { t } = useTranslation()
  return (
    <div className="failure" data-tone="warn" role="status" data-waits="paused">
      <Icon name="clock" size={18} />
      <div className="section">
        <strong>
          {cause === 'person' ? (
            <>
              {t('runner.waits.paused-by')} <Rec>{by}</Rec>
            </>
          ) : (
            t('runner.waits.paused-itself')
          )}
        </strong>
        {reason === '' ? null : <Rec>{reason}</Rec>}
        <span>{t('runner.waits.paused-do')}</span>
      </div>
    </div>
  )
}
