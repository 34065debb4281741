import { Code, FailureNotice, ReadingCard, Rec } from '@lux/ui'
import { Button, TextArea } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { ExceptionView, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { leadersOf, playedAlone } from '../stage/run-people.ts'
import { StageStep } from '../stage/stage-step.tsx'
import { WhoSelect } from '../stage/who-select.tsx'
import { useTyped } from '../stores/room.ts'
import type { Act } from './act.ts'
import { cardCount } from './heard.ts'
import { RunTokens } from './run-tokens.tsx'

type Props = { view: RunView; exception: ExceptionView; act: Act }

/** An outcome that nobody foresaw: what was expected, what happened, and who decides what. */
export function RunException({ view, exception, act }: Props) {
  const { t } = useTranslation()
  const textOf = useScriptText()
  const at = view.parts.flatMap(({ steps }) => steps).find(({ id }) => id === exception.step)
  const leaders = leadersOf(view).map(({ name }) => name)
  const { values, type } = useTyped(view.id, `exception ${exception.id}`)
  const { by = playedAlone(view) ? (leaders[0] ?? '') : '', reason = '' } = values

  const { compared } = exception
  // The notice says it in plain words, once.
  const mistyped = exception.code === 'HSM-PIN-WRONG'
  const twice = compared !== null && !exception.decisions.includes('accept')

  const whyNot = by === '' ? t('stage.who-first') : reason.trim() === '' ? t('runner.reason-first') : null
  const go = (
    <>
      <span className="stage-hint" role="status">
        {whyNot}
      </span>
      {exception.decisions.map((decision) => (
        <Button
          key={decision}
          size="3"
          className={whyNot === null ? '' : 'is-off'}
          variant={decision === 'retry' && whyNot === null ? 'solid' : 'surface'}
          {...(decision === 'abort'
            ? ({ color: 'red', highContrast: true } as const)
            : decision === 'retry' && whyNot === null
              ? {}
              : ({ color: 'gray', highContrast: true } as const))}
          {...(whyNot === null ? {} : { 'aria-disabled': true })}
          onClick={() => {
            if (whyNot === null) void act(call('ceremonies.decide', { id: view.id, by, decision, reason }))
          }}
        >
          {t(
            compared !== null && decision === 'accept'
              ? 'stage.reading.again'
              : `runner.decision.${decision}`,
          )}
        </Button>
      ))}
    </>
  )

  return (
    <StageStep view={view} act={act} phase="exception" label={t('runner.exception')} go={go}>
      <h2 className="stage-ask">{t(compared === null ? 'runner.exception' : 'stage.reading.title')}</h2>
      {compared === null ? null : (
        <section
          className="reading"
          aria-labelledby="reading-title"
          data-state={twice ? 'stopped' : 'differs'}
        >
          <div className="reading-head">
            <h3 id="reading-title">{t(`stage.reading.of.${compared.what}`)}</h3>
            <span>{t('stage.reading.card', { card: compared.card, count: cardCount })}</span>
          </div>
          <ReadingCard
            words={compared.words}
            hex={compared.digest}
            card={compared.card}
            label={t('stage.reading.card', { card: compared.card, count: cardCount })}
          />
          <p>{t(twice ? 'stage.reading.twice' : 'stage.reading.once')}</p>
        </section>
      )}
      <section className="stage-card">
        {compared === null ? (
          <FailureNotice
            failure={{ code: exception.code, detail: mistyped ? '' : exception.happened }}
            tone="warn"
          />
        ) : null}
        <dl className="facts">
          <dt>{t('runner.at-step')}</dt>
          <dd>{at === undefined ? <Code>{exception.step}</Code> : <Rec>{textOf.title(at)}</Rec>}</dd>
          {compared === null && !mistyped ? (
            <>
              <dt>{t('runner.expected')}</dt>
              <dd>
                <Rec>{exception.expected}</Rec>
              </dd>
            </>
          ) : null}
          {mistyped ? null : (
            <>
              <dt>{t('runner.happened')}</dt>
              <dd>
                <Rec>{exception.happened}</Rec>
              </dd>
            </>
          )}
          <dt>{t(mistyped ? 'runner.one-more-try' : 'runner.decided-with')}</dt>
          <dd>
            {t('runner.signers', { required: exception.signers.required })}{' '}
            {exception.signers.names.map((name, at) => (
              <span key={name}>
                {at === 0 ? null : ', '}
                <Rec>{name}</Rec>
              </span>
            ))}
          </dd>
        </dl>
        <RunTokens tokens={view.tokens} />
        <div className="form">
          <div className="field">
            <label htmlFor="exception-by">{t('runner.decided-by')}</label>
            <WhoSelect id="exception-by" names={leaders} value={by} onChange={(name) => type({ by: name })} />
          </div>
          <div className="field">
            <label htmlFor="exception-reason">{t('runner.reason')}</label>
            <TextArea
              id="exception-reason"
              dir="auto"
              value={reason}
              onChange={(event) => type({ reason: event.target.value })}
            />
          </div>
        </div>
      </section>
    </StageStep>
  )
}
