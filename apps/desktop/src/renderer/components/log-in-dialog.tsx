import { Button, SegmentedControl } from '@radix-ui/themes'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, TokenView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { tokens } from '../stores/remotes.ts'
import { FormDialog } from './form-dialog.tsx'
import { PinField, takePin } from './pin-field.tsx'
import { PinLine } from './pin-line.tsx'
import { PinWarning } from './pin-warning.tsx'
import { Rec } from './record.tsx'

export function LogInDialog({ token }: { token: TokenView }) {
  const { t } = useTranslation()
  const pin = useRef<HTMLInputElement>(null)
  const [open, setOpen] = useState(false)
  const [user, setUser] = useState<'user' | 'so'>('user')
  const [accepted, setAccepted] = useState(false)
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)
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
      setFailure({ code: 'PIN-EMPTY', detail: '' })
      pin.current?.focus()
      return
    }
    setBusy(true)
    const last = state.state === 'final' ? { acceptFinalTry: true } : {}
    const answer = await call('tokens.logIn', { serial: token.serial, user, pin: typed, ...last })
    setBusy(false)
    setAccepted(false)
    await tokens.again()
    if (answer.ok) setOpen(false)
    else setFailure(answer.error)
  }

  return (
    <FormDialog
      open={open}
      onOpenChange={(next) => {
        setOpen(next)
        setFailure(null)
        setAccepted(false)
      }}
      trigger={<Button>{t('tokens.log-in')}</Button>}
      title={
        <>
          {t('tokens.log-in-to')} <Rec>{token.label}</Rec>
        </>
      }
      failure={failure}
      busy={busy}
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
