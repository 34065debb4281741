import { FailureNotice, Rec } from '@lux/ui'
import { Checkbox, TextField } from '@radix-ui/themes'
import { useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { Discard } from '../components/discard.tsx'
import { Loaded } from '../components/loading.tsx'
import { useRemote } from '../stores/remote.ts'
import { setups } from '../stores/remotes.ts'
import { go, hrefOf } from '../stores/route.ts'

/** `asked`: somebody came here to plan, and types at once. A new ceremony, or a rehearsal of people with devices of their own, and those that are being set up. */
export function Drafts({ asked }: { asked: boolean }) {
  const { t } = useTranslation()
  const list = useRemote(setups, {})
  const [title, setTitle] = useState('')
  const [rehearsal, setRehearsal] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const id = useId()
  const field = useRef<HTMLInputElement>(null)
  useEffect(() => {
    if (asked) field.current?.focus({ preventScroll: true })
  }, [asked])

  async function begin(): Promise<void> {
    if (title.trim() === '') return
    const answer = await call('setups.begin', {
      title: title.trim(),
      domain: rehearsal ? 'rehearsal' : 'production',
    })
    if (answer.ok) go('setup', answer.value.id)
    else setFailure(answer.error)
  }

  return (
    <div className="panel panel-body">
      <p className="quiet" style={{ margin: 0 }}>
        {t('setup.begin-text')}
      </p>
      <form
        className="actions begin"
        onSubmit={(event) => {
          event.preventDefault()
          void begin()
        }}
      >
        <div className="field">
          <label htmlFor={id}>{t('setup.script.name')}</label>
          <TextField.Root
            id={id}
            ref={field}
            dir="auto"
            value={title}
            maxLength={200}
            autoComplete="off"
            onChange={(event) => setTitle(event.target.value)}
          />
        </div>
        <ActionButton
          type="submit"
          whyNot={title.trim() === '' ? t('setup.need-title') : null}
          onPress={() => undefined}
        >
          {t('setup.begin')}
        </ActionButton>
      </form>
      <label htmlFor={`${id}-rehearsal`} className="actions">
        <Checkbox
          id={`${id}-rehearsal`}
          checked={rehearsal}
          onCheckedChange={(on) => setRehearsal(on === true)}
        />
        {t('setup.as-rehearsal')}
      </label>
      {rehearsal ? (
        <p className="quiet" style={{ margin: 0 }}>
          {t('setup.as-rehearsal-text')}
        </p>
      ) : null}
      {failure ? <FailureNotice failure={failure} /> : null}
      <Loaded remote={list} store={setups}>
        {({ setups: all }) =>
          all.length === 0 ? null : (
            <ul className="list" aria-label={t('setup.drafts')}>
              {all.map(({ id: one, domain, title: name, next, run }) => (
                <li key={one} className="row">
                  <span className="row-text">
                    <a href={hrefOf('setup', one)}>
                      <Rec>{name}</Rec>
                    </a>
                    <span className="quiet">
                      {run === null
                        ? t('setup.stands', { stage: t(`setup.stage.${next}`) })
                        : t(domain === 'rehearsal' ? 'setup.begun' : 'setup.lock.locked')}
                    </span>
                  </span>
                  <Discard
                    name={name}
                    onDiscard={() => void call('setups.discard', { id: one }).then(() => setups.again())}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </div>
  )
}
