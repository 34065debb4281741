import { Icon, Rec, WordCards } from '@lux/ui'
import { Button, RadioCards } from '@radix-ui/themes'
import { Fragment, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScriptView, SetupView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Fields, missingIn } from '../components/fields.tsx'
import { Loaded } from '../components/loading.tsx'
import { Outcome } from '../components/outcome.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { useRemote } from '../stores/remote.ts'
import { scripts } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'
import { Faults } from './faults.tsx'
import { TextIn } from './policy.tsx'
import { destroying, grouped } from './purposes.ts'
import { usePause } from './use-pause.ts'
import type { SetupActs } from './use-setup.ts'

/** What is to be done: by purpose what there is, beside it what the chosen one asks, and what keeps it from being a plan. */
export function ScriptStage({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const known = useRemote(scripts, {})
  const { approval } = setup
  const given = approval.signers.filter(({ signed }) => signed).length
  const shut = given > 0 || setup.run !== null
  return (
    <div className="setup-columns" data-columns={shut ? undefined : '3'}>
      {shut ? (
        <section className="setup-card" aria-labelledby="script-title">
          <h2 id="script-title">{t('setup.script.title')}</h2>
          <div className="actions">
            <p className="quiet">{t('setup.script.shut', { count: given })}</p>
            {setup.run === null ? (
              <Button
                type="button"
                variant="surface"
                color="gray"
                highContrast
                onClick={() => void acts.send(call('setups.reopen', { id: setup.id, what: 'plan' }))}
              >
                {t('setup.script.reopen', { count: given })}
              </Button>
            ) : null}
          </div>
        </section>
      ) : (
        <Loaded remote={known} store={scripts}>
          {({ scripts: all }) => (
            <>
              <section className="setup-card script-list" aria-labelledby="script-title">
                <h2 id="script-title">{t('setup.script.title')}</h2>
                <Choose all={all} setup={setup} acts={acts} />
              </section>
              <section className="setup-card" aria-labelledby="script-chosen">
                <Chosen all={all} setup={setup} acts={acts} />
              </section>
            </>
          )}
        </Loaded>
      )}
      <Verdict setup={setup} />
    </div>
  )
}

/** What is missing stands before what is wrong: of an answer that nobody gave yet, nothing is. */
function Verdict({ setup: { script, organisation } }: { setup: SetupView }) {
  const { t } = useTranslation()
  const { field: labelOf } = useScriptText()
  const missing = missingIn(script.fields, script.values)
  return (
    <aside className="setup-card setup-side" aria-labelledby="script-lint">
      <h2 id="script-lint">
        {missing.length === 0 ? t('setup.script.lint') : t('setup.script.missing', { count: missing.length })}
      </h2>
      {script.id === null ? <p className="quiet">{t('setup.script.choose')}</p> : null}
      {missing.length === 0 ? null : (
        <ul className="list" data-missing="">
          {missing.map((field) => (
            <li key={field.name} className="row">
              <span className="row-text">
                <strong>
                  <Rec>{labelOf(field)}</Rec>
                </strong>
                <span className="quiet">{t('setup.script.not-yet')}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      {script.rolesMissing.length === 0 ? null : (
        <p className="why-not">
          {t('setup.script.roles-missing', {
            roles: script.rolesMissing.map((role) => t(`roles.${role}`)).join(', '),
          })}
        </p>
      )}
      {missing.length > 0 ? null : organisation.name === '' ? (
        <p className="quiet">{t('setup.policy.name-first')}</p>
      ) : (
        <Faults faults={script.faults} />
      )}
      <Faults faults={script.warnings} tone="warn" />
      {script.hash === null ? null : (
        <>
          <Outcome tone="good">{t('setup.script.sound')}</Outcome>
          <WordCards words={script.words} hex={script.hash} label={t('setup.script.hash')} />
        </>
      )}
    </aside>
  )
}

type Known = { all: ScriptView[]; setup: SetupView; acts: SetupActs }

function Choose({ all, setup, acts }: Known) {
  const { t } = useTranslation()
  const { about } = useScriptText()
  const { script } = setup
  async function make(): Promise<void> {
    const answer = await call('scripts.begin', { title: setup.title, from: script.id })
    if (answer.ok) go('script', answer.value.id)
    else acts.fail(answer.error)
  }
  return (
    <>
      <RadioCards.Root
        value={script.id ?? ''}
        onValueChange={(id) => void acts.change({ script: id })}
        gap="2"
        aria-label={t('ceremonies.script')}
      >
        {grouped(all).map(({ purpose, scripts: under }) => (
          <Fragment key={purpose}>
            <h3 className="setup-group">
              {t(`setup.purpose.${purpose}.name`)} <span className="quiet">{under.length}</span>{' '}
              {purpose !== 'own' && destroying.has(purpose) ? (
                <span className="script-destroys">
                  <Icon name="alert" size={16} /> {t('setup.purpose.destroys')}
                </span>
              ) : null}
            </h3>
            {under.map((one) => (
              <RadioCards.Item key={one.id} value={one.id}>
                <span className="row-text">
                  <strong>
                    <Rec>{about(one).title}</Rec>
                  </strong>
                </span>
              </RadioCards.Item>
            ))}
          </Fragment>
        ))}
      </RadioCards.Root>
      <div className="actions">
        <Button
          type="button"
          variant="surface"
          color="gray"
          highContrast
          onClick={() => void acts.pickScript().then(() => scripts.again())}
        >
          {t('designer.choose-file')}
        </Button>
        <Button type="button" variant="surface" color="gray" highContrast onClick={() => void make()}>
          {t(script.id === null ? 'designer.make-empty' : 'designer.make-from')}
        </Button>
      </div>
    </>
  )
}

/** The chosen one in words, and its blanks. */
function Chosen({ all, setup, acts }: Known) {
  const { t } = useTranslation()
  const { about } = useScriptText()
  const { script } = setup
  const chosen = all.find(({ id }) => id === script.id)
  return (
    <>
      <h2 id="script-chosen">
        {chosen === undefined ? t('setup.script.none') : <Rec>{about(chosen).title}</Rec>}
      </h2>
      <p className="quiet">
        {chosen === undefined ? t('setup.script.choose') : <Rec>{about(chosen).text}</Rec>}
      </p>
      <TextIn
        name={t('setup.script.name')}
        value={setup.title}
        first
        asTyped
        onDone={(title) => void acts.change({ title })}
      />
      {script.fields.length === 0 ? null : <Values key={script.id} setup={setup} acts={acts} />}
    </>
  )
}

/** Sent when a field is left or nobody types any more, so that what is wrong with it is said beside it. */
function Values({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { fields, values, id } = setup.script
  const [typed, setTyped] = useState(values)
  const [typing, setTyping] = useState(false)
  const send = (next: Record<string, string>): void => {
    if (id !== null && JSON.stringify(next) !== JSON.stringify(values))
      void acts.change({ script: id, values: next })
  }
  usePause(typing ? JSON.stringify(typed) : null, () => send(typed))
  const left = (): void => {
    setTyping(false)
    send(typed)
  }
  return (
    <form
      className="form"
      {...(typing ? { 'data-typing': '' } : {})}
      onSubmit={(event) => {
        event.preventDefault()
        left()
      }}
      onBlur={left}
    >
      <Fields
        fields={fields}
        values={typed}
        onChange={(name, value) => {
          const next = { ...typed, [name]: value }
          setTyped(next)
          // What is chosen is chosen.
          const { type } = fields.find((field) => field.name === name) ?? {}
          if (type === 'choice' || type === 'several' || type === 'flag') send(next)
          else setTyping(true)
        }}
      />
    </form>
  )
}
