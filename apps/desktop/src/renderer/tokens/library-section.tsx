import { Code, FailureNotice, Rec } from '@lux/ui'
import { Button, RadioGroup, TextArea } from '@radix-ui/themes'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, LibraryState } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { FilePicker } from '../components/file-picker.tsx'
import { FormDialog } from '../components/form-dialog.tsx'
import { Loaded } from '../components/loading.tsx'
import { Section } from '../components/screen.tsx'
import { TextLine } from '../components/text-line.tsx'
import { useTokenForm } from '../components/use-token-form.ts'
import { useRemote } from '../stores/remote.ts'
import { library, tokens } from '../stores/remotes.ts'

/** Which PKCS#11 library the window works with, who chose it, and how to choose another. */
export function LibrarySection() {
  const { t } = useTranslation()
  const remote = useRemote(library, {})
  // The tokens above say that they are on their way, and why no library is loaded.
  if (remote.value === null && remote.failure === null) return null
  return (
    <Section title={t('tokens.library')}>
      <Loaded remote={remote} store={library}>
        {(state) => <LibraryPanel state={state} />}
      </Loaded>
    </Section>
  )
}

function LibraryPanel({ state }: { state: LibraryState }) {
  const { t } = useTranslation()
  const { source, loaded, chosen } = state
  return (
    <div className="panel panel-body">
      <p style={{ margin: 0 }}>{t(`tokens.library-source.${source}`)}</p>
      <dl className="facts">
        {loaded === null ? null : (
          <>
            <dt>{t('tokens.library-maker')}</dt>
            <dd>
              <Rec>
                {loaded.maker} · {loaded.description} · {loaded.version}
              </Rec>
            </dd>
          </>
        )}
        <Fact name={t('tokens.library-path')} value={loaded?.path ?? chosen?.path ?? ''} />
        <Fact name={t('tokens.library-sha256')} value={loaded?.sha256 ?? chosen?.sha256 ?? ''} />
        {(chosen?.variables ?? []).map((line) => (
          <Fact key={line} name={t('tokens.library-variable')} value={line} />
        ))}
        <Fact name={t('tokens.library-init')} value={chosen?.initString ?? ''} />
      </dl>
      {source === 'environment' ? (
        <p className="quiet" style={{ margin: 0 }}>
          {t('tokens.library-named')}
        </p>
      ) : (
        <div className="actions">
          <ChooseLibrary state={state} />
          {source === 'chosen' ? <OwnLibrary /> : null}
        </div>
      )}
    </div>
  )
}

function Fact({ name, value }: { name: string; value: string }) {
  if (value === '') return null
  return (
    <>
      <dt>{name}</dt>
      <dd>
        <Code>{value}</Code>
      </dd>
    </>
  )
}

const again = () => Promise.all([library.again(), tokens.again()])

function OwnLibrary() {
  const { t } = useTranslation()
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
  async function use(): Promise<void> {
    setBusy(true)
    const answer = await call('library.own', {})
    setBusy(false)
    setFailure(answer.ok ? null : answer.error)
    await again()
  }
  return (
    <>
      <ActionButton
        variant="surface"
        color="gray"
        highContrast
        loading={busy}
        whyNot={null}
        onPress={() => void use()}
      >
        {t('tokens.library-own')}
      </ActionButton>
      {failure === null ? null : <FailureNotice failure={failure} />}
    </>
  )
}

/** The found ones by their kind, or any file; what its library reads of its environment, and what it is told when it starts. */
function ChooseLibrary({ state: { found, chosen } }: { state: LibraryState }) {
  const { t } = useTranslation()
  const [path, setPath] = useState('')
  const [variables, setVariables] = useState('')
  const [initString, setInitString] = useState('')
  const form = useTokenForm(() => {
    setPath(chosen?.path ?? '')
    setVariables((chosen?.variables ?? []).join('\n'))
    setInitString(chosen?.initString ?? '')
  })
  const variablesId = useId()
  const picked = path !== '' && !found.some((one) => one.path === path)

  async function choose(): Promise<void> {
    const lines = variables
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== '')
    await form.send(call('library.choose', { path, variables: lines, initString }))
    await library.again()
  }

  return (
    <FormDialog
      form={form}
      trigger={
        <Button variant="surface" color="gray" highContrast>
          {t('tokens.library-choose')}
        </Button>
      }
      title={t('tokens.library-choose')}
      text={t('tokens.library-choose-text')}
      whyNot={path === '' ? t('tokens.library-first') : null}
      go={t('tokens.library-go')}
      onGo={choose}
    >
      {found.length === 0 ? (
        <p className="quiet" style={{ margin: 0 }}>
          {t('tokens.library-none-found')}
        </p>
      ) : (
        <RadioGroup.Root value={path} onValueChange={setPath} aria-label={t('tokens.library-found')}>
          {found.map((one) => (
            <RadioGroup.Item key={one.path} value={one.path} disabled={one.failure !== null}>
              <Rec>{one.name}</Rec>
              <div className="quiet library-file">
                <Code>{one.path}</Code>
                {one.sha256 === null ? null : <Code>{one.sha256}</Code>}
              </div>
              {one.failure === null ? null : <FailureNotice failure={one.failure} />}
            </RadioGroup.Item>
          ))}
        </RadioGroup.Root>
      )}
      <FilePicker
        kind="library"
        label={t('tokens.library-file')}
        path={picked ? path : null}
        onPick={setPath}
      />
      <div className="field">
        <label htmlFor={variablesId}>{t('tokens.library-variables')}</label>
        <TextArea
          id={variablesId}
          dir="ltr"
          rows={2}
          spellCheck={false}
          value={variables}
          onChange={(event) => setVariables(event.target.value)}
        />
        <span className="quiet">{t('tokens.library-variables-hint')}</span>
      </div>
      <TextLine label={t('tokens.library-init')} dir="ltr" value={initString} onChange={setInitString} />
    </FormDialog>
  )
}
