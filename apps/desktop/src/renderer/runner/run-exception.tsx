import { Code, Icon, ReadingCard, Rec, Saying, Sentence } from '@lux/ui'
import { useErrorText } from '@lux/ui/i18n'
import { TextArea } from '@radix-ui/themes'
import { type ReactNode, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ExceptionView, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { ComeLate } from '../stage/come-late.tsx'
import { minuteOf } from '../stage/elapsed.tsx'
import { GoButton } from '../stage/go-button.tsx'
import { leadersOf, playedAlone } from '../stage/run-people.ts'
import { StageStep } from '../stage/stage-step.tsx'
import { WhoSelect } from '../stage/who-select.tsx'
import { useTyped } from '../stores/room.ts'
import type { Act } from './act.ts'
import { RunTokens } from './run-tokens.tsx'
import { cardCount } from './step/heard.ts'
import { coded, Told } from './told.tsx'

type Props = { view: RunView; exception: ExceptionView; act: Act }
type Decision = ExceptionView['decisions'][number]

/** An outcome that nobody foresaw: what happened, what was expected, and what each answer leads to. */
export function RunException({ view, exception, act }: Props) {
  const { t } = useTranslation()
  const id = useId()
  const textOf = useScriptText()
  const at = view.parts.flatMap(({ steps }) => steps).find((step) => step.id === exception.step)
  const leaders = leadersOf(view).map(({ name }) => name)
  const { values, type } = useTyped(view.id, `exception ${exception.id}`)
  const { by = playedAlone(view) ? (leaders[0] ?? '') : '', reason = '' } = values
  const [busy, setBusy] = useState(false)
  const { compared, decisions, signers } = exception
  const decision = decisions.find((one) => one === values.decision)
  // What words differ in is read again, whatever the engine calls it.
  const nameOf = (one: Decision) => (compared !== null && one === 'continue' ? 'again' : one)

  const whyNot =
    decision === undefined
      ? t('runner.told.first')
      : by === ''
        ? t('stage.who-first')
        : reason.trim() === ''
          ? t('runner.reason-first')
          : null

  async function decide(): Promise<void> {
    if (decision === undefined) return
    setBusy(true)
    await act(call('ceremonies.decide', { id: view.id, by, decision, reason }))
    setBusy(false)
  }

  return (
    <StageStep
      view={view}
      act={act}
      phase="exception"
      label={t('runner.exception')}
      go={
        <GoButton
          // Stopping is nobody's second thought: it takes effect at once, and nobody signs it.
          label={t(decision === 'abort' ? 'runner.decision.abort' : 'runner.told.go')}
          hint={whyNot}
          off={whyNot !== null}
          busy={busy}
          onPress={() => void decide()}
        />
      }
    >
      {compared === null ? (
        <Story view={view} exception={exception} />
      ) : (
        <WordsDiffer compared={compared} twice={!decisions.includes('continue')} />
      )}
      <fieldset className="answers">
        <legend>{t('runner.told.ask')}</legend>
        {decisions.map((one) => (
          <label key={one} className="answer" {...(one === decision ? { 'data-chosen': '' } : {})}>
            <input
              type="radio"
              name={`${id}-decision`}
              checked={one === decision}
              onChange={() => type({ decision: one })}
            />
            <strong>{t(one === nameOf(one) ? `runner.decision.${one}` : 'stage.reading.again')}</strong>
            <span>
              <span className="answer-label">{t('runner.told.right-if')}</span>{' '}
              {t(`runner.told.if.${nameOf(one)}`)}
            </span>
            <span>
              <span className="answer-label">{t('runner.told.then')}</span>{' '}
              {t(`runner.told.after.${nameOf(one)}`)}
            </span>
          </label>
        ))}
      </fieldset>
      <section className="stage-card">
        <div className="form">
          <div className="field">
            <label htmlFor={`${id}-reason`}>{t('runner.reason')}</label>
            <TextArea
              id={`${id}-reason`}
              dir="auto"
              value={reason}
              onChange={(event) => type({ reason: event.target.value })}
            />
          </div>
          <div className="field">
            <label htmlFor={`${id}-by`}>{t('runner.decided-by')}</label>
            <WhoSelect id={`${id}-by`} names={leaders} value={by} onChange={(name) => type({ by: name })} />
          </div>
        </div>
        <dl className="facts">
          <dt>{t('runner.at-step')}</dt>
          <dd>{at === undefined ? <Code>{exception.step}</Code> : <Rec>{textOf.title(at)}</Rec>}</dd>
          <dt>{t('runner.decided-with')}</dt>
          <dd>
            {t('runner.signers', { required: signers.required })} <Rec>{signers.names.join(', ')}</Rec>
          </dd>
        </dl>
        <RunTokens tokens={view.tokens} />
      </section>
      <ComeLate view={view} act={act} />
    </StageStep>
  )
}

/** The card that somebody heard or read differently. `twice`: it differed again, and reading it once more is no answer. */
function WordsDiffer({
  compared,
  twice,
}: {
  compared: NonNullable<ExceptionView['compared']>
  twice: boolean
}) {
  const { t } = useTranslation()
  const label = t('stage.reading.card', { card: compared.card, count: cardCount })
  return (
    <>
      <h2 className="stage-ask">{t('stage.reading.title')}</h2>
      <section className="reading" aria-labelledby="reading-title" data-state={twice ? 'stopped' : 'differs'}>
        <div className="reading-head">
          <h3 id="reading-title" className="visually-hidden">
            {t(`stage.reading.of.${compared.what}`)}
          </h3>
          <span>{label}</span>
        </div>
        <ReadingCard words={compared.words} hex={compared.digest} card={compared.card} label={label} />
        <p>{t(twice ? 'stage.reading.twice' : 'stage.reading.once')}</p>
      </section>
    </>
  )
}

/** Told by whoever reported it, or by the machine in the words of its code. */
function Story({ view, exception }: Omit<Props, 'act'>) {
  const { t } = useTranslation()
  const { code, detail } = coded(exception.happened)
  const text = useErrorText({ code: exception.code, detail })
  const story = view.remarks.findLast(({ kind, decided }) => kind === 'deviation' && decided === null)
  const { about } = exception
  const title: Record<ExceptionView['about'], ReactNode> = {
    reported: code === null ? <Rec>{detail}</Rec> : text.what,
    mismatch: t('runner.told.mismatch'),
    ambiguous: t('runner.told.ambiguous'),
    failed: text.what,
  }
  return (
    <>
      <div className="told-head">
        <span className="told-mark">
          <Icon name="flag" size={28} />
        </span>
        <div>
          <h2 className="stage-ask">{title[about]}</h2>
          {story === undefined ? null : (
            <p className="step-text">
              <Saying>
                {story.by === ''
                  ? t('runner.told.itself', { time: minuteOf(story.at) })
                  : t('runner.told.reported', { name: story.by, time: minuteOf(story.at) })}
              </Saying>
            </p>
          )}
        </div>
      </div>
      {about === 'failed' ? (
        <section className="stage-card told-failed" role="alert" data-code={exception.code}>
          <p>
            <Sentence>{text.why}</Sentence>
          </p>
          <p>
            <Sentence>{text.do}</Sentence>
          </p>
          <p className="quiet">
            {detail === '' || exception.code === 'HSM-PIN-WRONG' ? null : (
              <>
                <Rec>{detail}</Rec>
                {' · '}
              </>
            )}
            <Code>{exception.code}</Code>
          </p>
        </section>
      ) : (
        <Told
          expected={exception.expected}
          happened={exception.happened}
          certain={t('runner.told.certain')}
        />
      )}
    </>
  )
}
