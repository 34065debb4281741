import { Code, Icon, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { AwaitedFile, CurrentStep, RunView } from '../../../contract/index.ts'
import { pauseReason } from '../../../contract/pause-reason.ts'
import { run } from '../../stores/remotes.ts'
import { RunTokens } from '../run-tokens.tsx'

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

function Paused({ paused: { cause, by, reason, awaits } }: { paused: NonNullable<RunView['paused']> }) {
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
        <Reason cause={cause} reason={reason} />
        {awaits === null || awaits.come ? (
          <span>{t(awaits === null ? 'runner.waits.paused-do' : 'runner.waits.file-come')}</span>
        ) : (
          <FileAwaited awaits={awaits} />
        )}
      </div>
    </div>
  )
}

/** The machine's own reasons are said in the language of the window, a person's words as they are. */
function Reason({ cause, reason }: Pick<NonNullable<RunView['paused']>, 'cause' | 'reason'>) {
  const { t } = useTranslation()
  const known = cause === 'restart' ? pauseReason(reason) : null
  if (known === null) return reason === '' ? null : <Rec>{reason}</Rec>
  const { key, serial } = known
  return (
    <span>
      {t(`runner.pause-reason.${key}`)} {serial === '' ? null : <Code>{serial}</Code>}
    </span>
  )
}

/** Nothing goes on before the file is there: from whom it comes, and where it goes. */
function FileAwaited({ awaits: { from, where, vendor } }: { awaits: AwaitedFile }) {
  const { t } = useTranslation()
  return (
    <>
      <span>{t(vendor ? 'runner.waits.vendor-file' : 'runner.waits.file')}</span>
      {from.length === 0 ? null : (
        <span>
          {t('runner.awaited-from')} <Rec>{from.join(', ')}</Rec>
        </span>
      )}
      <span>
        {t(vendor ? 'runner.waits.vendor-file-do' : 'runner.waits.file-do')} <Code>{where}</Code>
      </span>
    </>
  )
}
