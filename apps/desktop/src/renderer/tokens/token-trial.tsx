import { Code, FailureNotice, Rec } from '@lux/ui'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { create } from 'zustand'
import {
  type Failure,
  type TokenView,
  type TrialResult,
  type TrialView,
  trialGroups,
} from '../../contract/index.ts'
import { call, onEvent } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { Outcome, type Tone } from '../components/outcome.tsx'
import { WorkPanel } from '../components/work-panel.tsx'
import { useFormats } from '../i18n/format.ts'
import { endWork, useWork } from '../stores/work.ts'

/** What the token was seen to do, in numbers and one by one. Nothing is tried before somebody asks for it. */
export function TokenTrial({ token }: { token: TokenView }) {
  const { t } = useTranslation()
  const { serial } = token
  const trial = useTrials(({ bySerial }) => bySerial[serial])
  const report = useWork(({ reports }) => reports[serial])
  const [trying, setTrying] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)

  async function tryOut(): Promise<void> {
    setTrying(true)
    setFailure(null)
    const answer = await call('tokens.tryOut', { serial })
    setTrying(false)
    endWork(serial)
    if (answer.ok) keepTrial(serial, answer.value.trial)
    else setFailure(answer.error)
  }

  const whyNot = !token.initialised
    ? t('tokens.needs-initialise')
    : token.session === 'user'
      ? null
      : t('tokens.needs-log-in')
  return (
    <>
      <p className="quiet" style={{ margin: 0 }}>
        {t('tokens.trial.mean')}
      </p>
      <div className="actions">
        <ActionButton variant="surface" loading={trying} whyNot={whyNot} onPress={() => void tryOut()}>
          {t('tokens.trial.go')}
        </ActionButton>
      </div>
      {failure ? <FailureNotice failure={failure} /> : null}
      {trying && report ? <WorkPanel id={serial} report={report} /> : null}
      {trial === undefined ? null : <TrialTable trial={trial} />}
    </>
  )
}

const states = ['proved', 'wrong', 'unsupported', 'untried'] as const
const tones: Record<TrialResult['state'], Tone> = {
  proved: 'good',
  wrong: 'bad',
  unsupported: 'none',
  untried: 'warn',
}

function TrialTable({ trial: { at, results } }: { trial: TrialView }) {
  const { t } = useTranslation()
  const format = useFormats()
  return (
    <>
      <div className="row tight">
        <span className="actions">
          {states.map((state) => {
            const count = results.filter((one) => one.state === state).length
            return count === 0 ? null : (
              <Outcome key={state} tone={tones[state]}>
                {t(`tokens.trial.count.${state}`, { count })}
              </Outcome>
            )
          })}
        </span>
        <span className="quiet">
          <Rec>{format.time(at)}</Rec>
        </span>
      </div>
      <section className="table-wrap" aria-label={t('tokens.trial.results')}>
        <table className="table">
          <thead>
            <tr>
              {(['what', 'result'] as const).map((column) => (
                <th key={column} scope="col">
                  {t(`tokens.trial.column.${column}`)}
                </th>
              ))}
            </tr>
          </thead>
          {trialGroups.map((group) => {
            const tried = results.filter((one) => one.group === group)
            return tried.length === 0 ? null : (
              <tbody key={group}>
                <tr>
                  <th scope="rowgroup" colSpan={2}>
                    {t(`tokens.trial.group.${group}`)}
                  </th>
                </tr>
                {tried.map((one) => (
                  <TrialRow key={one.name} result={one} />
                ))}
              </tbody>
            )
          })}
        </table>
      </section>
    </>
  )
}

function TrialRow({ result: { name, mechanism, state, detail } }: { result: TrialResult }) {
  const { t } = useTranslation()
  return (
    <tr>
      <th scope="row">
        <Code>{name}</Code>
        <div className="quiet">
          <Code>{mechanism}</Code>
        </div>
      </th>
      <td>
        <Outcome tone={tones[state]}>{t(`tokens.trial.state.${state}`)}</Outcome>
        {detail === '' ? null : (
          <div className="quiet">
            <Rec>{detail}</Rec>
          </div>
        )}
      </td>
    </tr>
  )
}

/** What tokens were tried out to do, by serial, since the window was opened. */
const useTrials = create<{ bySerial: Record<string, TrialView> }>(() => ({ bySerial: {} }))

onEvent('core.state', () => useTrials.setState({ bySerial: {} }))

function keepTrial(serial: string, trial: TrialView): void {
  useTrials.setState(({ bySerial }) => ({ bySerial: { ...bySerial, [serial]: trial } }))
}
