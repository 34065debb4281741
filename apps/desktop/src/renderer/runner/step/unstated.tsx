import { Icon, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { CurrentStep, RunView } from '../../../contract/index.ts'
import type { Act } from '../act.ts'
import { NeedFile } from '../need-file.tsx'

type Props = { view: RunView; step: CurrentStep; act: Act }

/** Holders who may still say what is left while a key moves, what their silence costs, and how their word is taken in. */
export function Unstated({ view, step, act }: Props) {
  const { t } = useTranslation()
  const { unstated, carried, mayState, statementCommands: commands } = view
  if (carried === null || step.blocked === 'exception-open') return null
  // Where the step itself waits for these words, it has the button and the commands.
  const asked = step.needs.some((need) => 'what' in need && need.what === 'epoch-approval')
  return (
    <>
      <div className="failure" data-tone="warn" role="status" data-waits="unstated">
        <Icon name="alert" size={18} />
        <div className="section">
          <strong>
            {t('runner.unstated.who')} <Rec>{unstated.join(', ')}</Rec>
          </strong>
          <span>{t('runner.unstated.cost')}</span>
          <span>{t('runner.unstated.carried', carried)}</span>
        </div>
      </div>
      {asked || !mayState ? null : (
        <NeedFile
          view={view}
          need={{ need: 'file', what: 'epoch-approval', from: unstated, file: null, commands }}
          act={act}
          pinned={false}
        />
      )}
    </>
  )
}
