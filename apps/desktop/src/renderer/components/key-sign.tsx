import { Code, FailureNotice, Saying } from '@lux/ui'
import { Button, Dialog, TextField } from '@radix-ui/themes'
import { type ReactNode, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, Result } from '../../contract/index.ts'
import { ActionButton } from './action-button.tsx'
import { pickFile } from './file-picker.tsx'

type Props = {
  trigger: ReactNode
  title: string
  /** Signed before a run, whose transcript therefore says nothing of it. */
  before?: boolean
  /** Asked once, when the dialog opens. */
  what: () => Promise<Result<ToSign>>
  /** `shown`: the digest of what the dialog showed. null: the person chose nothing further, and looks at the dialog again. */
  onSign: (key: string, passphrase: string, shown: string) => Promise<Result<unknown> | null>
}

/** What is signed, told from the very bytes, and their digest. */
export type ToSign = { lines: readonly string[]; digest: string }

const nothing: ToSign = { lines: [], digest: '' }

/** A person signs with their own key file in this window: reads what it is, chooses the file, types the passphrase. */
export function KeySign({ trigger, title, before = false, what, onSign }: Props) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  const [shown, setShown] = useState(nothing)
  const [key, setKey] = useState<string | null>(null)
  const [busy, setBusy] = useState(false)
  const [asking, setAsking] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const field = useRef<HTMLInputElement>(null)
  const id = useId()

  async function change(next: boolean): Promise<void> {
    setOpen(next)
    setKey(null)
    setFailure(null)
    setShown(nothing)
    if (!next) return
    setAsking(true)
    const asked = await what()
    setAsking(false)
    if (asked.ok) setShown(asked.value)
    else setFailure(asked.error)
  }

  async function choose(): Promise<void> {
    const path = await pickFile('key')
    if (path === null) return
    setKey(path)
    field.current?.focus()
  }

  async function sign(): Promise<void> {
    const passphrase = field.current?.value ?? ''
    if (key === null || passphrase === '' || busy || shown.lines.length === 0) return
    setBusy(true)
    if (field.current !== null) field.current.value = ''
    const answer = await onSign(key, passphrase, shown.digest)
    setBusy(false)
    if (answer === null) return
    if (answer.ok) setOpen(false)
    else setFailure(answer.error)
  }

  return (
    <Dialog.Root open={open} onOpenChange={(next) => void change(next)}>
      <Dialog.Trigger>{trigger}</Dialog.Trigger>
      <Dialog.Content maxWidth="44rem">
        <Dialog.Title size="4">{title}</Dialog.Title>
        <Dialog.Description size="2">{t('key-sign.text')}</Dialog.Description>
        <form
          className="form in-dialog"
          onSubmit={(event) => {
            event.preventDefault()
            void sign()
          }}
        >
          <figure className="signed">
            <figcaption className="quiet">{t('key-sign.what')}</figcaption>
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keyboard */}
            <pre className="signed-lines" dir="ltr" tabIndex={0} data-record="">
              {shown.lines.join('\n')}
            </pre>
          </figure>
          <div className="actions">
            <Button
              type="button"
              variant="surface"
              color="gray"
              highContrast
              data-first=""
              onClick={() => void choose()}
            >
              {t('key-sign.choose')}
            </Button>
            {key === null ? <span className="quiet">{t('common.no-file')}</span> : <Code>{key}</Code>}
          </div>
          <div className="field">
            <label htmlFor={id}>{t('key-sign.passphrase')}</label>
            <TextField.Root
              id={id}
              ref={field}
              type="password"
              dir="ltr"
              autoComplete="off"
              spellCheck={false}
              maxLength={1024}
            />
          </div>
          {failure ? <FailureNotice failure={failure} /> : null}
          <div className="actions">
            <ActionButton
              type="submit"
              loading={busy || asking}
              whyNot={
                asking
                  ? null
                  : shown.lines.length === 0
                    ? t('key-sign.nothing')
                    : key === null
                      ? t('key-sign.need-key')
                      : null
              }
              onPress={() => undefined}
            >
              {t('key-sign.sign')}
            </ActionButton>
            <Dialog.Close>
              <Button type="button" variant="surface" color="gray" highContrast>
                {t('common.cancel')}
              </Button>
            </Dialog.Close>
          </div>
          <p className="quiet">
            <Saying>{t(before ? 'key-sign.shown-before' : 'key-sign.shown-here')}</Saying>
          </p>
        </form>
      </Dialog.Content>
    </Dialog.Root>
  )
}
