import { Code, WordCards } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SetupView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { FilePicker, pickFile } from '../components/file-picker.tsx'
import { Outcome } from '../components/outcome.tsx'
import { setups } from '../stores/remotes.ts'
import { go } from '../stores/route.ts'
import type { SetupActs } from './use-setup.ts'

/** Nothing is changed any more: the plan, its policy and its lock go to whoever needs them, and the run begins. */
export function Lock({ setup, acts }: { setup: SetupView; acts: SetupActs }) {
  const { t } = useTranslation()
  const [busy, setBusy] = useState(false)
  const [epoch, setEpoch] = useState<string | null>(null)
  const [written, setWritten] = useState<readonly string[]>([])
  const takesEpoch = setup.script.fields.some(({ name }) => name === 'epochId')
  const whyNot = setup.next === 'lock' ? null : t('setup.lock.not-yet')

  async function lock(): Promise<void> {
    setBusy(true)
    const answer = await call('setups.lock', { id: setup.id, ...(epoch === null ? {} : { epoch }) })
    setBusy(false)
    acts.fail(answer.ok ? null : answer.error)
    if (!answer.ok) return
    void setups.again()
    go('run', answer.value.run)
  }

  async function save(): Promise<void> {
    const folder = await pickFile('folder')
    if (folder === null) return
    const answer = await call('setups.export', { id: setup.id, folder })
    acts.fail(answer.ok ? null : answer.error)
    setWritten(answer.ok ? answer.value.paths : [])
  }

  return (
    <section className="setup-card" aria-labelledby="lock-title">
      <h2 id="lock-title">{t('setup.lock.title')}</h2>
      <p>{t('setup.lock.text')}</p>
      {setup.script.hash === null ? null : (
        <WordCards words={setup.script.words} hex={setup.script.hash} label={t('setup.script.hash')} />
      )}
      {takesEpoch ? (
        <FilePicker kind="epoch" label={t('ceremonies.epoch-file')} path={epoch} onPick={setEpoch} />
      ) : null}
      <div className="actions">
        {setup.run === null ? (
          <ActionButton size="3" data-first="" loading={busy} whyNot={whyNot} onPress={() => void lock()}>
            {t('setup.lock.go')}
          </ActionButton>
        ) : (
          <Outcome tone="good">{t('setup.lock.locked')}</Outcome>
        )}
        {whyNot === null || setup.run !== null ? (
          <Button size="3" variant="surface" color="gray" highContrast onClick={() => void save()}>
            {t('setup.lock.save')}
          </Button>
        ) : null}
      </div>
      {written.length === 0 ? null : (
        <div role="status">
          <Outcome tone="good">{t('setup.lock.saved')}</Outcome>
          {written.map((path) => (
            <div key={path}>
              <Code>{path}</Code>
            </div>
          ))}
        </div>
      )}
      <p className="quiet">{t('setup.lock.save-note')}</p>
    </section>
  )
}
