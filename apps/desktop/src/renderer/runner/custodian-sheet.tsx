import { Code, FailureNotice } from '@lux/ui'
import { Button, Dialog, TextField } from '@radix-ui/themes'
import { type RefObject, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Failure, languageFor, type RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { ActionButton } from '../components/action-button.tsx'
import { secretField } from '../components/fields.tsx'
import { pickFile } from '../components/file-picker.tsx'
import { Outcome } from '../components/outcome.tsx'
import { run } from '../stores/remotes.ts'

type Doing = 'print' | 'save' | 'prove'
type Ended = { printed: true } | { saved: string } | { failure: Failure }

/**
 * A custodian's sheet: printed by main, which alone sees its words, and read back. Passphrase and words are in their fields until they are
 * sent, and in no state. `simulated`: a participant of a rehearsal, who has no key file.
 */
export function CustodianSheet({ id, name, simulated }: { id: string; name: string; simulated: boolean }) {
  const { t, i18n } = useTranslation()
  const [open, setOpen] = useState(false)
  const [key, setKey] = useState<string | null>(null)
  const [busy, setBusy] = useState<Doing | null>(null)
  const [ended, setEnded] = useState<Ended | null>(null)
  const passphrase = useRef<HTMLInputElement>(null)
  const words = useRef<HTMLInputElement>(null)
  const wordsId = useId()
  const whyNot = key === null && !simulated ? t('key-sign.need-key') : null

  function change(next: boolean): void {
    setOpen(next)
    setKey(null)
    setEnded(null)
  }

  async function choose(): Promise<void> {
    const path = await pickFile('key')
    if (path !== null) setKey(path)
  }

  const print = () => printed(null)

  async function save(): Promise<Ended | null> {
    const saved = await call('shell.saveFile', { kind: 'paper', name: `sheet-of-${name}.pdf` })
    if (!saved.ok) return { failure: saved.error }
    return saved.value.path === null ? null : printed(saved.value.path)
  }

  async function printed(out: string | null): Promise<Ended | null> {
    const language = languageFor(i18n.language)
    const own = { key, passphrase: passphrase.current?.value ?? '' }
    const answer = await call('ceremonies.printShare', { id, name, ...own, out, language })
    if (!answer.ok) return { failure: answer.error }
    if (!answer.value.made) return null
    return out === null ? { printed: true } : { saved: out }
  }

  async function prove(): Promise<Ended | null> {
    const own = { key, passphrase: passphrase.current?.value ?? '' }
    const typed = words.current?.value ?? ''
    if (words.current !== null) words.current.value = ''
    const answer = await call('ceremonies.proveShare', { id, name, ...own, words: typed })
    if (!answer.ok) return { failure: answer.error }
    if (passphrase.current !== null) passphrase.current.value = ''
    setOpen(false)
    run.put(answer.value satisfies RunView)
    return null
  }

  async function act(doing: Doing): Promise<void> {
    if (busy !== null) return
    setBusy(doing)
    setEnded(null)
    const end = await { print, save, prove }[doing]()
    setEnded(end)
    setBusy(null)
  }

  return (
    <Dialog.Root open={open} onOpenChange={change}>
      <Dialog.Trigger>
        <Button
          type="button"
          variant="surface"
          color="gray"
          highContrast
          aria-label={t('runner.sheet.open-for', { name })}
        >
          {t('runner.sheet.open')}
        </Button>
      </Dialog.Trigger>
      <Dialog.Content maxWidth="40rem">
        <Dialog.Title size="4">{t('runner.sheet.title', { name })}</Dialog.Title>
        <Dialog.Description size="2">{t('runner.sheet.what')}</Dialog.Description>
        <form
          className="form in-dialog"
          onSubmit={(event) => {
            event.preventDefault()
            void act('prove')
          }}
        >
          {simulated ? null : <OwnKey path={key} onChoose={() => void choose()} passphrase={passphrase} />}
          <div className="actions">
            {(['print', 'save'] as const).map((doing) => (
              <ActionButton
                key={doing}
                type="button"
                variant="surface"
                loading={busy === doing}
                whyNot={whyNot}
                onPress={() => void act(doing)}
              >
                {t(`runner.sheet.${doing}`)}
              </ActionButton>
            ))}
          </div>
          <HowEnded ended={ended} />
          <div className="field">
            <label htmlFor={wordsId}>{t('runner.sheet.words')}</label>
            <TextField.Root id={wordsId} ref={words} {...secretField} />
            <span className="quiet">{t('runner.sheet.words-do')}</span>
          </div>
          <div className="actions">
            <ActionButton type="submit" loading={busy === 'prove'} whyNot={whyNot} onPress={() => undefined}>
              {t('runner.sheet.prove')}
            </ActionButton>
            <Dialog.Close>
              <Button type="button" variant="surface" color="gray" highContrast>
                {t('common.cancel')}
              </Button>
            </Dialog.Close>
          </div>
        </form>
      </Dialog.Content>
    </Dialog.Root>
  )
}

function OwnKey({
  path,
  onChoose,
  passphrase,
}: {
  path: string | null
  onChoose: () => void
  passphrase: RefObject<HTMLInputElement | null>
}) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <>
      <p className="quiet">{t('runner.sheet.key')}</p>
      <div className="actions">
        <Button type="button" variant="surface" color="gray" highContrast data-first="" onClick={onChoose}>
          {t('key-sign.choose')}
        </Button>
        {path === null ? <span className="quiet">{t('common.no-file')}</span> : <Code>{path}</Code>}
      </div>
      <div className="field">
        <label htmlFor={id}>{t('key-sign.passphrase')}</label>
        <TextField.Root id={id} ref={passphrase} {...secretField} />
      </div>
    </>
  )
}

function HowEnded({ ended }: { ended: Ended | null }) {
  const { t } = useTranslation()
  return (
    <>
      {ended !== null && 'failure' in ended ? <FailureNotice failure={ended.failure} /> : null}
      <div role="status">
        {ended !== null && 'printed' in ended ? (
          <Outcome tone="good">{t('runner.sheet.printed')}</Outcome>
        ) : null}
        {ended !== null && 'saved' in ended ? (
          <Outcome tone="good">
            {t('runner.sheet.saved')} <Code>{ended.saved}</Code>
          </Outcome>
        ) : null}
      </div>
    </>
  )
}
