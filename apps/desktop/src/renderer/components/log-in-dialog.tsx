import { Button, SegmentedControl } from '@radix-ui/themes'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TokenView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { FormDialog } from './form-dialog.tsx'
import { PinField, takePin } from './pin-field.tsx'
import { PinLine } from './pin-line.tsx'
import { PinWarning } from './pin-warning.tsx'
import { Rec } from './record.tsx'
import { useTokenForm } from './use-token-form.ts'

export function LogInDialog({ token }: { token: TokenView }) {
  const { t } = useTranslation()
  const pin = useRef<HTMLInputElement>(null)
  const [user, setUser] = useState<'user' | 'so'>('user')
  const [accepted, setAccepted] = useState(false)
  const form = useTokenForm(() => setAccepted(false))
  const state = user === 'user' ? token.userPin : token.soPin
  const whyNot =
    state.state === 'locked'
      ? t('tokens.pin-locked')
      : state.state === 'final' && !accepted
        ? t('tokens.pin-final-first')
        : null

  async function logIn(): Promise<void> {
    const typed = takePin(pin)
    if (typed === '') {
      form.fail('PIN-EMPTY')
      pin.current?.focus()
      return
    }
    const last = state.state === 'final' ? { acceptFinalTry: true } : {}
    setAccepted(false)
    await form.send(call('tokens.logIn', { serial: token.serial, user, pin: typed, ...last }))
  }

  return (
    <FormDialog
      form={form}
      trigger={<Button>{t('tokens.log-in')}</Button>}
      title={
        <>
          {t('tokens.log-in-to')} <Rec>{token.label}</Rec>
        </>
      }
      whyNot={whyNot}
      go={t('tokens.log-in')}
      onGo={logIn}
    >
      <SegmentedControl.Root
        value={user}
        aria-label={t('tokens.who')}
        onValueChange={(value) => {
          setUser(value === 'so' ? 'so' : 'user')
          setAccepted(false)
        }}
      >
        <SegmentedControl.Item value="user">{t('tokens.user')}</SegmentedControl.Item>
        <SegmentedControl.Item value="so">{t('tokens.so')}</SegmentedControl.Item>
      </SegmentedControl.Root>
      <PinLine pin={state} />
      <PinWarning pin={state} accepted={accepted} onAccept={setAccepted} />
      <PinField label={t(user === 'user' ? 'tokens.user-pin' : 'tokens.so-pin')} field={pin} />
    </FormDialog>
  )
}
