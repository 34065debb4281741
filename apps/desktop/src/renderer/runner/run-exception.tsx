import { Code, FailureNotice, Rec } from '@lux/ui'
import { Select, TextArea } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ExceptionView, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import type { Act } from './act.ts'
import { RunTokens } from './run-tokens.tsx'

type Props = { view: RunView; exception: ExceptionView; act: Act }

/** An outcome that nobody foresaw: what was expected, what happened, and who decides what. */
export function RunException({ view, exception, act }: Props) {
  const { t } = useTranslation()
  const textOf = useScriptText()
  const at = view.parts.flatMap(({ steps }) => steps).find(({ id }) => id === exception.step)
  const [by, setBy] = useState(view.people[0]?.name ?? '')
  const [reason, setReason] = useState('')

  return (
    <section className="panel" aria-label={t('runner.exception')}>
      <div className="step">
        <h2 className="step-title">{t('runner.exception')}</h2>
        <FailureNotice failure={{ code: exception.code, detail: exception.happened }} tone="warn" />
        <dl className="facts">
          <dt>{t('runner.at-step')}</dt>
          <dd>{at === undefined ? <Code>{exception.step}</Code> : <Rec>{textOf.title(at)}</Rec>}</dd>
          <dt>{t('runner.expected')}</dt>
          <dd>
            <Rec>{exception.expected}</Rec>
          </dd>
          <dt>{t('runner.happened')}</dt>
          <dd>
            <Rec>{exception.happened}</Rec>
          </dd>
        </dl>
        <RunTokens tokens={view.tokens} />
        <div className="form">
          <div className="field">
            <label htmlFor="exception-by">{t('runner.decided-by')}</label>
            <Select.Root value={by} onValueChange={setBy}>
              <Select.Trigger id="exception-by" />
              <Select.Content>
                {view.people.map(({ name, role }) => (
                  <Select.Item key={`${role} ${name}`} value={name}>
                    <Rec>{name}</Rec>
                  </Select.Item>
                ))}
              </Select.Content>
            </Select.Root>
          </div>
          <div className="field">
            <label htmlFor="exception-reason">{t('runner.reason')}</label>
            <TextArea
              id="exception-reason"
              dir="auto"
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          </div>
        </div>
        <div className="step-foot">
          {exception.decisions.map((decision) => (
            <ActionButton
              key={decision}
              variant={decision === 'retry' ? 'solid' : 'surface'}
              {...(decision === 'abort' ? { color: 'red', highContrast: true } : {})}
              whyNot={reason.trim() === '' ? t('runner.reason-first') : null}
              onPress={() => void act(call('ceremonies.decide', { id: view.id, by, decision, reason }))}
            >
              {t(`runner.decision.${decision}`)}
            </ActionButton>
          ))}
        </div>
      </div>
    </section>
  )
}
