import { Code, Icon, Rec, WordCards } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'
import type { RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { useFormats } from '../i18n/format.ts'
import { hrefOf } from '../stores/route.ts'
import type { Act } from './act.ts'

/** Nothing is left to do here: what came of it, and where it lies. */
export function RunEnd({ view, act }: { view: RunView; act: Act }) {
  const { t } = useTranslation()
  const format = useFormats()
  return (
    <section className="panel" aria-label={t('runner.end')}>
      <div className="step">
        <h2 className="step-title">{t(`states.run-end.${view.state}`)}</h2>
        {view.domain === 'rehearsal' && view.state === 'sealed' ? (
          <p className="step-text">{t('runner.rehearsal-over')}</p>
        ) : null}
        {view.keyLeft === null ? null : <KeyLeft view={view} serial={view.keyLeft} act={act} />}
        {view.leftOnTokens.length === 0 ? null : <LeftOnTokens objects={view.leftOnTokens} />}
        {view.bundle === null ? null : (
          <>
            <WordCards words={view.bundle.words} hex={view.bundle.digest} label={t('bundles.digest-words')} />
            <dl className="facts">
              <dt>{t('bundles.file')}</dt>
              <dd>
                <Code>{view.bundle.path}</Code>
              </dd>
              <dt>{t('bundles.file-size')}</dt>
              <dd>
                <Rec>{format.bytes(view.bundle.bytes)}</Rec>
              </dd>
            </dl>
            <div className="actions">
              <Button asChild>
                <a href={hrefOf('bundles')}>{t('runner.to-bundles')}</a>
              </Button>
            </div>
          </>
        )}
      </div>
    </section>
  )
}

/** Its user has to be logged in to the token, on the screen of the tokens; then the run can be closed from here. */
function KeyLeft({ view, serial, act }: { view: RunView; serial: string; act: Act }) {
  const { t } = useTranslation()
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
