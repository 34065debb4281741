import { Button, Dialog, TextField } from '@radix-ui/themes'
import { useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, TokenView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { tokens } from '../stores/remotes.ts'
import { ActionButton } from './action-button.tsx'
import { FailureNotice } from './failure-notice.tsx'
import { PinField, takePin } from './pin-field.tsx'
import { Code } from './record.tsx'

/** Erases a token: only after its present label was typed. PKCS#11 labels hold 32 bytes. */
export function InitialiseDialog({ slot, token }: { slot: number; token: TokenView }) {
  const { t } = useTranslation()
  const id = useId()
  const soPin = useRef<HTMLInputElement>(null)
  const userPin = useRef<HTMLInputElement>(null)
  const [open, setOpen] = useState(false)
  const [typed, setTyped] = useState('')
  const [label, setLabel] = useState('')
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)

  const guarded = token.initialised && typed !== token.label
  const labelBytes = new TextEncoder().encode(label).length
  const whyNot = guarded
    ? t('tokens.type-label-first')
    : label.trim() === ''
      ? t('tokens.new-label-first')
      : labelBytes > 32
        ? t('tokens.label-too-long', { bytes: labelBytes })
        : null

  async function initialise(): Promise<void> {
    if (whyNot !== null || busy) return
    const pins = { soPin: takePin(soPin), userPin: takePin(userPin) }
    if (pins.soPin === '' || pins.userPin === '') {
      setFailure({ code: 'PIN-EMPTY', detail: '' })
      return
    }
    setBusy(true)
    const answer = await call('tokens.initialise', {
      slot,
      serial: token.serial,
      typedLabel: typed,
      label,
      ...pins,
    })
    setBusy(false)
    await tokens.again()
    if (answer.ok) setOpen(false)
    else setFailure(answer.error)
  }

  return (
    <Dialog.Root
      open={open}
      onOpenChange={(next) => {
        setOpen(next)
        setFailure(null)
        setTyped('')
        setLabel('')
      }}
    >
      <Dialog.Trigger>
        <Button variant="surface" color={token.initialised ? 'red' : 'indigo'} highContrast>
          {t(token.initialised ? 'tokens.erase' : 'tokens.initialise')}
        </Button>
      </Dialog.Trigger>
      <Dialog.Content maxWidth="32rem">
        <Dialog.Title size="4">{t(token.initialised ? 'tokens.erase' : 'tokens.initialise')}</Dialog.Title>
        <Dialog.Description size="2">
          {t(token.initialised ? 'tokens.erase-text' : 'tokens.initialise-text')}
        </Dialog.Description>
        <form
          className="form"
          style={{ marginBlockStart: '1rem' }}
          onSubmit={(event) => {
            event.preventDefault()
            void initialise()
          }}
        >
          {token.initialised ? (
            <div className="field">
              <label htmlFor={`${id}-typed`}>
                {t('tokens.type-label')} <Code>{token.label}</Code>
              </label>
              <TextField.Root
                id={`${id}-typed`}
                dir="auto"
                autoComplete="off"
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
              />
            </div>
          ) : null}
          <div className="field">
            <label htmlFor={`${id}-label`}>{t('tokens.new-label')}</label>
            <TextField.Root
              id={`${id}-label`}
              dir="auto"
              autoComplete="off"
              value={label}
              onChange={(event) => setLabel(event.target.value)}
            />
          </div>
          <PinField
            label={t('tokens.so-pin')}
            field={soPin}
            hint={t(token.initialised ? 'tokens.so-pin-present' : 'tokens.so-pin-new')}
          />
          <PinField label={t('tokens.user-pin')} field={userPin} hint={t('tokens.user-pin-new')} />
          {failure ? <FailureNotice failure={failure} /> : null}
          <div className="actions">
            <ActionButton
              type="submit"
              loading={busy}
              whyNot={whyNot}
              {...(token.initialised ? { color: 'red', highContrast: true } : {})}
              onPress={() => undefined}
            >
              {t(token.initialised ? 'tokens.erase-go' : 'tokens.initialise')}
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
