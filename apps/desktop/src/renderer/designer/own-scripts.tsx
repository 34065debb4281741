import { FailureNotice, Rec } from '@lux/ui'
import { Link, Select, TextField } from '@radix-ui/themes'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, ScriptView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { Discard } from '../components/discard.tsx'
import { Loaded } from '../components/loading.tsx'
import { useScriptText } from '../i18n/step-text.ts'
import { useRemote } from '../stores/remote.ts'
import { drafts } from '../stores/remotes.ts'
import { go, hrefOf } from '../stores/route.ts'

const empty = 'empty'

/** A script of one's own, from a shipped one or from nothing, and those that are being made. */
export function OwnScripts({ scripts: all }: { scripts: readonly ScriptView[] }) {
  const { t } = useTranslation()
  const { about } = useScriptText()
  const list = useRemote(drafts, {})
  const [title, setTitle] = useState('')
  const [from, setFrom] = useState(empty)
  const [failure, setFailure] = useState<Failure | null>(null)
  const id = useId()

  async function begin(): Promise<void> {
    if (title.trim() === '') return
    const answer = await call('scripts.begin', { title: title.trim(), from: from === empty ? null : from })
    if (answer.ok) go('script', answer.value.id)
    else setFailure(answer.error)
  }

  return (
    <div className="panel panel-body">
      <p className="quiet" style={{ margin: 0 }}>
        {t('designer.own-text')}
      </p>
      <form
        className="actions"
        onSubmit={(event) => {
          event.preventDefault()
          void begin()
        }}
      >
        <div className="field">
          <label htmlFor={id}>{t('designer.title')}</label>
          <TextField.Root
            id={id}
            dir="auto"
            value={title}
            maxLength={200}
            autoComplete="off"
            onChange={(event) => setTitle(event.target.value)}
          />
        </div>
        <div className="field">
          <label htmlFor={`${id}-from`}>{t('designer.from')}</label>
          <Select.Root value={from} onValueChange={setFrom}>
            <Select.Trigger id={`${id}-from`} variant="surface" />
            <Select.Content>
              <Select.Item value={empty}>{t('designer.from-empty')}</Select.Item>
              {all.map((script) => (
                <Select.Item key={script.id} value={script.id}>
                  {about(script).title}
                </Select.Item>
              ))}
            </Select.Content>
          </Select.Root>
        </div>
        <ActionButton
          type="submit"
          variant="surface"
          whyNot={title.trim() === '' ? t('designer.need-title') : null}
          onPress={() => undefined}
        >
          {t('designer.make')}
        </ActionButton>
      </form>
      {failure ? <FailureNotice failure={failure} /> : null}
      <Loaded remote={list} store={drafts}>
        {({ drafts: made }) =>
          made.length === 0 ? null : (
            <ul className="list" aria-label={t('designer.drafts')}>
              {made.map(({ id: one, title: name, faults, frozen }) => (
                <li key={one} className="row">
                  <span className="row-text">
                    <Link underline="always" href={hrefOf('script', one)}>
                      <Rec>{name}</Rec>
                    </Link>
                    <span className="quiet">
                      {faults > 0
                        ? t('designer.faults', { count: faults })
                        : t(frozen ? 'designer.frozen' : 'designer.sound')}
                    </span>
                  </span>
                  <Discard
                    name={name}
                    onDiscard={() => void call('scripts.discard', { id: one }).then(() => drafts.again())}
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
