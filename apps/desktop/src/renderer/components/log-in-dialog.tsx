import { Button, Dialog, SegmentedControl } from '@radix-ui/themes'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Failure, TokenView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { tokens } from '../stores/remotes.ts'
import { FailureNotice } from './failure-notice.tsx'
import { PinField, takePin } from './pin-field.tsx'
import { PinLine } from './pin-line.tsx'
import { Rec } from './record.tsx'

export function LogInDialog({ token }: { token: TokenView }) {
  const { t } = useTranslation()
  const pin = useRef<HTMLInputElement>(null)
  const [open, setOpen] = useState(false)
  const [user, setUser] = useState<'user' | 'so'>('user')
  const [failure, setFailure] = useState<Failure | null>(null)
  const [busy, setBusy] = useState(false)

  async function logIn(): Promise<void> {
    const typed = takePin(pin)
    if (typed === '') {
      pin.current?.focus()
      return
    }
    setBusy(true)
    const answer = await call('tokens.logIn', { serial: token.serial, user, pin: typed })
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
      }}
    >
      <Dialog.Trigger>
        <Button disabled={!token.initialised}>{t('tokens.log-in')}</Button>
      </Dialog.Trigger>
      <Dialog.Content maxWidth="30rem" aria-describedby={undefined}>
        <Dialog.Title size="4">
          {t('tokens.log-in-to')} <Rec>{token.label}</Rec>
        </Dialog.Title>
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault()
            void logIn()
          }}
        >
          <SegmentedControl.Root
            value={user}
            aria-label={t('tokens.who')}
            onValueChange={(value) => setUser(value === 'so' ? 'so' : 'user')}
          >
            <SegmentedControl.Item value="user">{t('tokens.user')}</SegmentedControl.Item>
            <SegmentedControl.Item value="so">{t('tokens.so')}</SegmentedControl.Item>
          </SegmentedControl.Root>
          <PinLine pin={user === 'user' ? token.userPin : token.soPin} />
          <PinField label={t(user === 'user' ? 'tokens.user-pin' : 'tokens.so-pin')} field={pin} />
          {failure ? <FailureNotice failure={failure} /> : null}
          <div className="actions">
            <Button type="submit" loading={busy}>
              {t('tokens.log-in')}
            </Button>
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
