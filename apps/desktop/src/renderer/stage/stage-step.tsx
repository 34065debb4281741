import { PersonChip, Rec } from '@lux/ui'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { RunView, StepView } from '../../contract/index.ts'
import { useScriptText } from '../i18n/step-text.ts'
import type { Act } from '../runner/act.ts'
import { Controls } from './controls.tsx'

type Props = {
  view: RunView
  act: Act
  /** What the room looks at: it names the phase for whoever watches the screen. */
  phase: 'ready' | 'working' | 'result' | 'again' | 'exception' | 'end'
  step?: StepView | undefined
  /** Who acts, where it is not the step's own actor. */
  names?: readonly string[]
  role?: string | undefined
  /** Where no step names what is shown. */
  label?: string
  /** Who does what, in one sentence, large. */
  ask?: ReactNode
  children: ReactNode
  /** The one next action, pinned. */
  go: ReactNode
}

/** One screen of the run: who acts, what is asked, the thing that proves it, and below it, always in sight, the next action. */
export function StageStep({ view, act, phase, step, names, role, label, ask, children, go }: Props) {
  const { t } = useTranslation()
  const textOf = useScriptText()
  const actors = names?.length ? names : (step?.actor.name.split(', ') ?? [])
  const [first = ''] = actors
  return (
    <section
      className="stage-step"
      data-phase={phase}
      {...(label === undefined ? { 'aria-labelledby': 'stage-title' } : { 'aria-label': label })}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
      <div className="stage-main" tabIndex={0}>
        {step === undefined ? null : (
          <div className="stage-head">
            <span className="stage-actor">
              <PersonChip
                name={first}
                note={[
                  t(`roles.${role ?? step.actor.role}`),
                  ...(actors.length > 1 ? [t('stage.with', { names: actors.slice(1).join(', ') })] : []),
                ].join(' · ')}
                size="large"
                presence={phase === 'again' ? 'done' : 'acting'}
              />
            </span>
            <span className="stage-where">
              <span>{t('runner.step', { number: step.number, total: view.progress.total })}</span>
              <h2 id="stage-title">
                <Rec>{textOf.title(step)}</Rec>
              </h2>
            </span>
          </div>
        )}
        {ask === undefined ? null : <p className="stage-ask">{ask}</p>}
        {children}
      </div>
      <footer className="stage-actions">
        <Controls view={view} act={act} />
        <div className="stage-go">{go}</div>
      </footer>
    </section>
  )
}
