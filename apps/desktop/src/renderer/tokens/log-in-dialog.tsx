import { Code, Rec } from '@lux/ui'
import { Button, SegmentedControl } from '@radix-ui/themes'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { TokenView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { FormDialog } from '../components/form-dialog.tsx'
import { PadNote } from '../components/pad-note.tsx'
import { PinField, takePin } from '../components/pin-field.tsx'
import { PinLine } from '../components/pin-line.tsx'
import { PinWarning } from '../components/pin-warning.tsx'
import { useTokenForm } from '../components/use-token-form.ts'
import { WorkPanel } from '../components/work-panel.tsx'
import { endWork, useWork } from '../stores/work.ts'

export function LogInDialog({ token }: { token: TokenView }) {
  const { t } = useTranslation()
  const pin = useRef<HTMLInputElement>(null)
  const [user, setUser] = useState<'user' | 'so'>('user')
  const [accepted, setAccepted] = useState(false)
  const report = useWork(({ reports }) => reports[token.serial])
  const form = useTokenForm(() => setAccepted(false))
  const state = user === 'user' ? token.userPin : token.soPin
  const whyNot =
    state.state === 'locked'
      ? t('tokens.pin-locked')
      : state.state === 'final' && !accepted
        ? t('tokens.pin-final-first')
        : null

  async function logIn(): Promise<void> {
    const typed = token.padSeconds === null ? takePin(pin) : null
    if (typed === '') {
      form.fail('PIN-EMPTY')
      pin.current?.focus()
      return
    }
    const last = state.state === 'final' ? { acceptFinalTry: true } : {}
    setAccepted(false)
    await form.send(call('tokens.logIn', { serial: token.serial, user, pin: typed, ...last }))
    endWork(token.serial)
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
      {token.padSeconds === null ? (
        <PinField label={t(user === 'user' ? 'tokens.user-pin' : 'tokens.so-pin')} field={pin} />
      ) : (
        <PadNote seconds={token.padSeconds} />
      )}
      <TrainingPin serial={token.serial} user={user} />
      {form.busy && report ? <WorkPanel id={token.serial} report={report} /> : null}
    </FormDialog>
  )
}

/** The PIN of the token that the program made for training stands here alone; core gives none of another token. */
function TrainingPin({ serial, user }: { serial: string; user: 'user' | 'so' }) {
  const { t } = useTranslation()
  const [pins, setPins] = useState<{ so: string; user: string } | null>(null)
  useEffect(() => {
    let shown = true
    void call('tokens.trainingPins', { serial }).then((answer) => {
      if (shown && answer.ok) setPins(answer.value.pins)
    })
    return () => {
      shown = false
    }
  }, [serial])
  if (pins === null) return null
  return (
    <p data-training="">
      {t('tokens.training-pin')} <Code>{pins[user]}</Code>
    </p>
  )
}
