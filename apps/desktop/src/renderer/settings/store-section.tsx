import { Code, FailureNotice, WordCards } from '@lux/ui'
import { TextField } from '@radix-ui/themes'
import { useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, Result, StoreBackupView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { secretField } from '../components/fields.tsx'
import { pickFile } from '../components/file-picker.tsx'
import { Outcome } from '../components/outcome.tsx'
import { Section } from '../components/screen.tsx'

type Work = 'backup' | 'check' | 'restore'
type Done = { work: Work; backup: StoreBackupView; elsewhere: string[] }

/** The workstation's own store: a passphrase, then one of three acts, each of which asks where by the system's dialog. */
export function StoreSection() {
  const { t } = useTranslation()
  const id = useId()
  const first = useRef<HTMLInputElement>(null)
  const second = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState<Work | null>(null)
  const [told, setTold] = useState<string | null>(null)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [done, setDone] = useState<Done | null>(null)

  async function act(work: Work, ask: (passphrase: string) => Promise<Result<Answer> | null>): Promise<void> {
    const passphrase = first.current?.value ?? ''
    const differs = work === 'backup' && passphrase !== second.current?.value
    setFailure(null)
    setDone(null)
    setTold(passphrase === '' ? t('settings.backup.need') : differs ? t('settings.backup.differs') : null)
    if (passphrase === '' || differs) return
    setBusy(work)
    const answer = await ask(passphrase)
    setBusy(null)
    if (answer === null) return
    if (!answer.ok) return setFailure(answer.error)
    for (const field of [first, second]) if (field.current !== null) field.current.value = ''
    setDone({ work, elsewhere: [], ...answer.value })
  }

  const button = { variant: 'surface', color: 'gray', highContrast: true } as const
  const whyNot = busy === null ? null : t('settings.backup.busy')
  return (
    <Section title={t('settings.backup.title')}>
      <div className="panel panel-body">
        <p className="quiet" style={{ margin: 0 }}>
          {t('settings.backup.text')}
        </p>
        <div className="field">
          <label htmlFor={`${id}-first`}>{t('settings.backup.passphrase')}</label>
          <TextField.Root id={`${id}-first`} ref={first} {...secretField} />
        </div>
        <div className="field">
          <label htmlFor={`${id}-second`}>{t('settings.backup.again')}</label>
          <TextField.Root id={`${id}-second`} ref={second} {...secretField} />
        </div>
        {told === null ? null : (
          <span className="why-not" role="alert">
            {told}
          </span>
        )}
        {failure === null ? null : <FailureNotice failure={failure} />}
        <div className="actions">
          <ActionButton
            {...button}
            loading={busy === 'backup'}
            whyNot={busy === 'backup' ? null : whyNot}
            onPress={() => void act('backup', backUp)}
          >
            {t('settings.backup.go')}
          </ActionButton>
          <ActionButton
            {...button}
            loading={busy === 'check'}
            whyNot={busy === 'check' ? null : whyNot}
            onPress={() => void act('check', check)}
          >
            {t('settings.backup.check')}
          </ActionButton>
          <ActionButton
            {...button}
            loading={busy === 'restore'}
            whyNot={busy === 'restore' ? null : whyNot}
            onPress={() => void act('restore', restore)}
          >
            {t('settings.backup.restore')}
          </ActionButton>
        </div>
        <div role="status">{done === null ? null : <Shown {...done} />}</div>
      </div>
    </Section>
  )
}

function Shown({ work, backup, elsewhere }: Done) {
  const { t } = useTranslation()
  return (
    <>
      <Outcome tone="good">{t(`settings.backup.done.${work}`, { count: backup.runs })}</Outcome>
      <p>
        <Code>{backup.path}</Code>
      </p>
      <WordCards words={backup.words} hex={backup.digest} label={t('settings.backup.words')} />
      {elsewhere.length === 0 ? null : (
        <>
          <p className="quiet">{t('settings.backup.elsewhere')}</p>
          <ul className="list">
            {elsewhere.map((path) => (
              <li key={path}>
                <Code>{path}</Code>
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  )
}

type Answer = { backup: StoreBackupView; elsewhere?: string[] }

async function backUp(passphrase: string): Promise<Result<Answer> | null> {
  const chosen = await call('shell.saveFile', { kind: 'backup', name: 'lux-custody-store.age' })
  if (!chosen.ok) return chosen
  const { path } = chosen.value
  return path === null ? null : call('store.backup', { path, passphrase })
}

async function check(passphrase: string): Promise<Result<Answer> | null> {
  const path = await pickFile('backup')
  return path === null ? null : call('store.check', { path, passphrase })
}

async function restore(passphrase: string): Promise<Result<Answer> | null> {
  const path = await pickFile('backup')
  const folder = path === null ? null : await pickFile('folder')
  return path === null || folder === null ? null : call('store.restore', { path, passphrase, folder })
}
