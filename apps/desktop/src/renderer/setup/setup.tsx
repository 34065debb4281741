import { FailureNotice, Icon, QuorumRing, Rec } from '@lux/ui'
import { Button, Dialog, Heading } from '@radix-ui/themes'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  type Paper,
  type Result,
  type SetupStage,
  type SetupView,
  setupStages,
} from '../../contract/index.ts'
import { call } from '../client.ts'
import { ReadAct } from '../components/key-sign.tsx'
import { Loaded } from '../components/loading.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { paperLanguage } from '../paper/paper-language.ts'
import { planPaper } from '../paper/plan-paper.ts'
import { PrintPaper } from '../paper/print-paper.tsx'
import { useDrop } from '../stores/drop.ts'
import { useRemote } from '../stores/remote.ts'
import { setup as remote } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'
import { Lock } from './lock.tsx'
import { People } from './people.tsx'
import { PolicyStage } from './policy.tsx'
import { Rehearse, RehearseTogether } from './rehearse.tsx'
import { ScriptStage } from './script.tsx'
import { Signatures } from './signatures.tsx'
import { type SetupActs, useSetupActs } from './use-setup.ts'

/** From nothing to a locked plan: six steps, each of which can be left and come back to. */
export function Setup({ id }: { id: string }) {
  const view = useRemote(remote, { id })
  return (
    <Loaded remote={view} store={remote}>
      {(setup) => <Stages key={id} setup={setup} />}
    </Loaded>
  )
}

function Stages({ setup }: { setup: SetupView }) {
  const { t } = useTranslation()
  const acts = useSetupActs(setup.id)
  const [stage, setStage] = useState<SetupStage>(setup.next)
  const heading = useRef<HTMLHeadingElement>(null)
  const over = useDrop((state) => state.over)
  const at = setupStages.indexOf(stage)
  const next = stagesOf(setup)[at + 1]
  // More people may always come: only the stages after them are done.
  const done = stage !== 'people' && (setupStages.indexOf(setup.next) > at || setup.run !== null)

  const opened = useRef(false)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the screen is read from its title on, a stage that is gone to starts at its first action
  useEffect(() => {
    const first = opened.current ? document.querySelector<HTMLElement>('.setup-main [data-first]') : null
    opened.current = true
    if (first === null) heading.current?.focus({ preventScroll: true })
    else first.focus({ preventScroll: true })
    document.querySelector('.setup-body')?.scrollTo(0, 0)
  }, [stage])

  // What is next changes where the last thing of a stage was done: the way on takes the focus, but never from whoever types.
  useEffect(() => {
    if (done && !document.activeElement?.closest('[data-typing]'))
      document.querySelector<HTMLElement>('.setup-foot [data-go]')?.focus({ preventScroll: true })
  }, [done])

  return (
    <div className="setup" data-screen="setup" data-over={over ? '' : undefined}>
      <header className="setup-head">
        <div className="setup-title">
          <Heading as="h1" size="7" tabIndex={-1} ref={heading}>
            <Rec>{setup.title}</Rec>
          </Heading>
          <p className="quiet">
            {setup.organisation.name === '' ? null : (
              <>
                <Rec>{setup.organisation.name}</Rec> ·{' '}
              </>
            )}
            {t(setup.domain === 'rehearsal' ? 'setup.saved-rehearsal' : 'setup.saved')}
          </p>
        </div>
        {setup.script.hash === null ? null : <PrintPlan setup={setup} />}
      </header>
      <Steps setup={setup} stage={stage} onStage={setStage} />
      <div className="setup-body">
        {acts.failure ? <FailureNotice failure={acts.failure} /> : null}
        <div className="setup-main">
          {stage === 'people' ? <People setup={setup} acts={acts} /> : null}
          {stage === 'policy' ? <PolicyStage setup={setup} acts={acts} /> : null}
          {stage === 'script' ? <ScriptStage setup={setup} acts={acts} /> : null}
          {stage !== 'rehearse' ? null : setup.domain === 'rehearsal' ? (
            <RehearseTogether setup={setup} acts={acts} />
          ) : (
            <Rehearse setup={setup} acts={acts} />
          )}
          {stage === 'approve' ? <Approve setup={setup} acts={acts} /> : null}
          {stage === 'lock' ? <Lock setup={setup} acts={acts} /> : null}
        </div>
      </div>
      <footer className="setup-foot">
        <strong role="status">{t(`setup.state.${stage}`, countsOf(setup))}</strong>
        <span className="setup-go">
          <span className="quiet">
            {done
              ? null
              : t(
                  next === undefined && setup.domain === 'rehearsal'
                    ? 'setup.together.still'
                    : stage === 'lock' && setup.next !== 'lock'
                      ? 'setup.lock.not-yet'
                      : `setup.still.${stage}`,
                )}
          </span>
          {setup.run !== null ? (
            <Button size="3" data-go="" onClick={() => go('run', setup.run ?? '')}>
              {t('setup.to-run')}
              <Icon name="current" />
            </Button>
          ) : next === undefined ? null : (
            <Button
              size="3"
              data-go=""
              {...(done ? {} : { variant: 'surface', color: 'gray', highContrast: true })}
              onClick={() => setStage(next)}
            >
              {t(`setup.go.${next}`)}
              <Icon name="current" />
            </Button>
          )}
        </span>
      </footer>
    </div>
  )
}

/** A rehearsal with everybody's own devices is begun where a production ceremony is only tried. */
function stagesOf({ domain }: Pick<SetupView, 'domain'>): readonly SetupStage[] {
  return domain === 'rehearsal' ? setupStages.slice(0, setupStages.indexOf('rehearse') + 1) : setupStages
}

/** Numbers of the sentences in the steps and below. */
function countsOf({ people, policy, approval, script }: SetupView) {
  return {
    count: people.length,
    signed: policy.signers.filter(({ signed }) => signed).length,
    required: policy.officerQuorum,
    approved: approval.signers.filter(({ signed }) => signed).length,
    faults: script.faults.length,
  }
}

function Steps({
  setup,
  stage,
  onStage,
}: {
  setup: SetupView
  stage: SetupStage
  onStage: (stage: SetupStage) => void
}) {
  const { t } = useTranslation()
  const reached = setup.run === null ? setupStages.indexOf(setup.next) : setupStages.length
  return (
    <nav aria-label={t('setup.steps')}>
      <ol className="setup-steps">
        {stagesOf(setup).map((one, at) => (
          <li key={one} data-state={at < reached ? 'done' : at === reached ? 'next' : 'later'}>
            <button
              type="button"
              aria-current={one === stage ? 'step' : undefined}
              onClick={() => onStage(one)}
            >
              <span className="setup-number" aria-hidden="true">
                {at < reached ? <Icon name="check" size={14} /> : at + 1}
              </span>
              <span className="setup-step-text">
                <span className="setup-step-name">{t(`setup.stage.${one}`)}</span>
                <span className="setup-step-note">
                  {one === 'rehearse' && setup.domain === 'rehearsal'
                    ? t('setup.together.note')
                    : t(`setup.note.${one}`, countsOf(setup))}
                </span>
                <span className="visually-hidden">
                  {t(at < reached ? 'setup.is-done' : at === reached ? 'setup.is-next' : 'setup.is-later')}
                </span>
              </span>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  )
}

/** Officers approve the very bytes of the plan, and the rehearsal that they saw of it. */
function Approve({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const { approval } = setup
  return (
    <div className="setup-columns">
      <section className="setup-card" aria-labelledby="approve-title">
        <h2 id="approve-title">{t('setup.approve.title')}</h2>
        {approval.shown === null ? (
          <p className="quiet">{t('setup.approve.rehearse-first')}</p>
        ) : (
          <ReadAct shown={approval.shown} />
        )}
      </section>
      <aside className="setup-card setup-side" aria-labelledby="approve-signed">
        <div className="sign-head">
          <QuorumRing
            voices={approval.signers.map(({ name, signed }) => ({ name, given: signed }))}
            needed={approval.required}
            size={96}
            named={false}
          />
          <h2 id="approve-signed">{t('setup.approve.signed')}</h2>
        </div>
        <Signatures
          id={setup.id}
          what="plan"
          signers={approval.signers}
          required={approval.required}
          whyNot={approval.shown === null ? t('setup.approve.rehearse-first') : null}
          acts={acts}
        />
      </aside>
    </div>
  )
}

/** The plan as people in the room read it, with places for times and initials: the text of `custody plan print`. */
function PrintPlan({ setup }: { setup: SetupView }) {
  const { id } = setup
  const { t, i18n } = useTranslation()
  const said = useScriptText()
  const [text, setText] = useState('')
  async function open(): Promise<void> {
    const answer = await call('setups.print', { id })
    setText(answer.ok ? answer.value.text : '')
  }
  async function script(): Promise<Result<Paper>> {
    const plan = await call('setups.print', { id })
    if (!plan.ok) return plan
    return { ok: true, value: planPaper(t, said, paperLanguage(i18n.language), setup, plan.value.parts) }
  }
  return (
    <Dialog.Root onOpenChange={(next) => (next ? void open() : setText(''))}>
      <Dialog.Trigger>
        <Button variant="surface" color="gray" highContrast>
          <Icon name="file" />
          {t('setup.print')}
        </Button>
      </Dialog.Trigger>
      <Dialog.Content maxWidth="60rem" aria-describedby={undefined}>
        <Dialog.Title size="4">{t('setup.print')}</Dialog.Title>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
        <pre className="signed-lines" dir="ltr" tabIndex={0} data-record="">
          {text}
        </pre>
        <div className="actions">
          <PrintPaper label={t('setup.print-script')} name="script" paper={script} />
          <Dialog.Close>
            <Button variant="surface" color="gray" highContrast>
              {t('setup.close')}
            </Button>
          </Dialog.Close>
        </div>
      </Dialog.Content>
    </Dialog.Root>
  )
}
