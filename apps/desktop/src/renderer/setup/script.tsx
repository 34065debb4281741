import { Rec, WordCards } from '@lux/ui'
import { Button, RadioCards } from '@radix-ui/themes'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { ScriptView, SetupView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Fields } from '../components/fields.tsx'
import { Loaded } from '../components/loading.tsx'
import { Outcome } from '../components/outcome.tsx'
import { useRemote } from '../stores/remote.ts'
import { scripts } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'
import { Faults } from './faults.tsx'
import { TextIn } from './policy.tsx'
import { usePause } from './use-pause.ts'
import type { SetupActs } from './use-setup.ts'

/** What is to be done: a script that is shipped, its values, and what keeps it from being a plan with these people. */
export function ScriptStage({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const known = useRemote(scripts, {})
  const { script, approval } = setup
  const given = approval.signers.filter(({ signed }) => signed).length
  const shut = given > 0 || setup.run !== null
  return (
    <div className="setup-columns">
      <section className="setup-card" aria-labelledby="script-title">
        <h2 id="script-title">{t('setup.script.title')}</h2>
        {shut ? (
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
        ) : (
          <Loaded remote={known} store={scripts}>
            {({ scripts: all }) => <Choose all={all} setup={setup} acts={acts} />}
          </Loaded>
        )}
      </section>
      <aside className="setup-card setup-side" aria-labelledby="script-lint">
        <h2 id="script-lint">{t('setup.script.lint')}</h2>
        {script.id === null ? <p className="quiet">{t('setup.script.choose')}</p> : null}
        {script.rolesMissing.length === 0 ? null : (
          <p className="why-not">
            {t('setup.script.roles-missing', {
              roles: script.rolesMissing.map((role) => t(`roles.${role}`)).join(', '),
            })}
          </p>
        )}
        <Faults faults={script.faults} />
        <Faults faults={script.warnings} tone="warn" />
        {script.hash === null ? null : (
          <>
            <Outcome tone="good">{t('setup.script.sound')}</Outcome>
            <WordCards words={script.words} hex={script.hash} label={t('setup.script.hash')} />
          </>
        )}
      </aside>
    </div>
  )
}

function Choose({ all, setup, acts }: { all: ScriptView[]; setup: SetupView; acts: SetupActs }) {
  const { t, i18n } = useTranslation()
  const { script } = setup
  const about = (id: string, what: 'title' | 'text', fallback: string): string =>
    i18n.exists(`script.about.${id}.${what}`) ? t(`script.about.${id}.${what}`) : fallback
  async function make(): Promise<void> {
    const answer = await call('scripts.begin', { title: setup.title, from: script.id })
    if (answer.ok) go('script', answer.value.id)
    else acts.fail(answer.error)
  }
  return (
    <>
      <TextIn
        name={t('setup.script.name')}
        value={setup.title}
        first
        asTyped
        onDone={(title) => void acts.change({ title })}
      />
      {script.fields.length === 0 ? null : <Values key={script.id} setup={setup} acts={acts} />}
      <RadioCards.Root
        value={script.id ?? ''}
        onValueChange={(id) => void acts.change({ script: id })}
        gap="2"
        aria-label={t('ceremonies.script')}
      >
        {all.map(({ id, title, summary, frozen }) => (
          <RadioCards.Item key={id} value={id}>
            <span className="row-text">
              <strong>
                <Rec>{about(id, 'title', title)}</Rec>
              </strong>
              <span className="quiet">
                <Rec>
                  {frozen === undefined
                    ? about(id, 'text', summary)
                    : t('designer.own-frozen', { hash: summary.slice(0, 16) })}
                </Rec>
              </span>
            </span>
          </RadioCards.Item>
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

/** Sent when a field is left or nobody types any more, so that what is wrong with it is said beside it. */
function Values({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const { fields, values, id, faults } = setup.script
  const [typed, setTyped] = useState(values)
  const [typing, setTyping] = useState(false)
  const needed = fields.some(({ optional, name }) => optional !== true && (typed[name] ?? '') === '')
  const asks = needed || faults.length > 0
  const [open, setOpen] = useState(asks)
  const card = useRef<HTMLDetailsElement>(null)
  // A script chosen far below shows what it asks for.
  useEffect(() => {
    card.current?.scrollIntoView?.({ block: 'nearest' })
  }, [])
  // It never folds under whoever types.
  if (asks && !open) setOpen(true)
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
    <details ref={card} className="details" open={open}>
      <summary>{t('ceremonies.values', { count: fields.length })}</summary>
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
            if (type === 'choice' || type === 'flag') send(next)
            else setTyping(true)
          }}
        />
      </form>
    </details>
  )
}
