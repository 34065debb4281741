import { Icon, type IconName, Rec } from '@lux/ui'
import { useTranslation } from 'react-i18next'
import type { RunView, StepState } from '../../contract/index.ts'
import { useScriptText } from '../i18n/step-text.ts'

const icons: Record<StepState, IconName> = {
  pending: 'circle',
  ready: 'current',
  working: 'clock',
  unknown: 'alert',
  failed: 'cross',
  skipped: 'dash',
  done: 'check',
}

export function StepList({ view }: { view: RunView }) {
  const { t } = useTranslation()
  const textOf = useScriptText()
  return (
    <nav className="panel step-list" aria-label={t('runner.steps')}>
      {view.parts.map((part) => (
        <section key={part.id}>
          <h3>
            <Rec>{textOf.part(part)}</Rec>
          </h3>
          <ol>
            {part.steps.map((step) => (
              <li
                key={step.id}
                data-state={step.state}
                {...(step.id === view.current?.id ? { 'aria-current': 'step' as const } : {})}
              >
                <Icon name={icons[step.state]} size={14} />
                <span className="number">
                  <bdi data-record="">{step.number}</bdi>
                </span>
                <span>
                  <Rec>{textOf.step(step).title}</Rec>
                  {step.state === 'skipped' ? (
                    <span className="quiet step-skipped">{t('states.step.skipped')}</span>
                  ) : (
                    <span className="visually-hidden">{t(`states.step.${step.state}`)}</span>
                  )}
                </span>
              </li>
            ))}
          </ol>
        </section>
      ))}
    </nav>
  )
}
