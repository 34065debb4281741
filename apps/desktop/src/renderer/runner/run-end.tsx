import { Code, Icon, Rec, ResultCard, WordCards } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { useFormats } from '../i18n/format.ts'
import { StageStep } from '../stage/stage-step.tsx'
import { hrefOf } from '../stores/route.ts'
import type { Act } from './act.ts'

/** Nothing is left to do here: what came of it, and where it lies. */
export function RunEnd({ view, act }: { view: RunView; act: Act }) {
  const { t } = useTranslation()
  const format = useFormats()
  const { bundle } = view
  const failed = view.state === 'aborted' || view.state === 'revoked'
  const stopped = view.state === 'aborted' ? view.remarks.at(-1) : undefined
  const why =
    stopped && stopped.by !== ''
      ? t('transcript.story.run.aborted', { by: stopped.by, reason: stopped.text })
      : undefined
  return (
    <StageStep
      view={view}
      act={act}
      phase="end"
      label={t('runner.end')}
      go={
        bundle === null ? (
          <Button asChild size="4" className="stage-button" variant="surface" color="gray" highContrast>
            <a href={hrefOf('transcript', view.id)} data-go="">
              {t('runner.to-transcript')}
            </a>
          </Button>
        ) : (
          <Button asChild size="4" className="stage-button">
            <a href={hrefOf('bundles')} data-go="">
              {t('runner.to-bundles')}
            </a>
          </Button>
        )
      }
    >
      {view.keyLeft === null ? null : <KeyLeft view={view} serial={view.keyLeft} act={act} />}
      <ResultCard
        state={failed ? 'failed' : 'done'}
        title={t(`states.run-end.${view.state}`)}
        text={view.domain === 'rehearsal' && view.state === 'sealed' ? t('runner.rehearsal-over') : why}
        {...(bundle === null
          ? {}
          : {
              evidence: (
                <WordCards words={bundle.words} hex={bundle.digest} label={t('bundles.digest-words')} />
              ),
              facts: [
                { name: t('bundles.file'), value: <Code>{bundle.path}</Code> },
                { name: t('bundles.file-size'), value: <Rec>{format.bytes(bundle.bytes)}</Rec> },
              ],
            })}
      />
      {view.leftOnTokens.length === 0 ? null : (
        <section className="stage-card">
          <LeftOnTokens objects={view.leftOnTokens} />
        </section>
      )}
    </StageStep>
  )
}

/** Its user has to be logged in to the token, on the screen of the tokens; then the run can be closed from here. */
function KeyLeft({ view, serial, act }: { view: RunView; serial: string; act: Act }) {
  const { t } = useTranslation()
  // The run is over: its key alone is ended, and no entry names anybody.
  const by = view.people.find(({ role }) => role === 'administrator' || role === 'operator')?.name ?? ''
  const reason = t('runner.key-left-reason')
  return (
    <div className="failure" data-tone="bad" role="status">
      <Icon name="alert" size={18} />
      <div className="section">
        <strong>{t('runner.key-left')}</strong>
        <p>
          {t('runner.key-left-do')} <Code>{serial}</Code>
        </p>
        <div className="actions">
          <Button asChild variant="surface" color="gray" highContrast>
            <a href={hrefOf('tokens')}>{t('runner.to-tokens')}</a>
          </Button>
          <Button onClick={() => void act(call('ceremonies.abort', { id: view.id, by, reason }))}>
            {t('runner.key-left-destroy')}
          </Button>
        </div>
      </div>
    </div>
  )
}

/** Keys that the plan wanted stay where they are: who looks after the token decides on them. */
function LeftOnTokens({ objects }: { objects: RunView['leftOnTokens'] }) {
  const { t } = useTranslation()
  return (
    <>
      <p>{t('runner.left-on-tokens')}</p>
      <dl className="facts">
        {objects.map(({ serial, ckaId, label }) => (
          <div key={`${serial} ${ckaId}`}>
            <dt>
              <Rec>{label}</Rec>
            </dt>
            <dd>
              <Code>{ckaId}</Code> · <Code>{serial}</Code>
            </dd>
          </div>
        ))}
      </dl>
    </>
  )
}
