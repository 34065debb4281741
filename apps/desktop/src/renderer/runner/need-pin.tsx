import { Code, Rec } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Need, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Outcome } from '../components/outcome.tsx'
import { PadNote } from '../components/pad-note.tsx'
import { PinField, takePin } from '../components/pin-field.tsx'
import { PinLine } from '../components/pin-line.tsx'
import type { Act } from './act.ts'

type Props = { view: RunView; need: Extract<Need, { need: 'pin' }>; act: Act }

export function NeedPin({ view, need, act }: Props) {
  const { t } = useTranslation()
  const pin = useRef<HTMLInputElement>(null)
  const [busy, setBusy] = useState(false)
  const again = useRef<HTMLInputElement>(null)
  const [refused, setRefused] = useState<'pin-empty' | 'pin-other' | null>(null)
  // Chosen here for a new token: a PIN that nobody knows would lock everybody out.
  const fresh = need.pin.state === 'unset'

  async function enter(): Promise<void> {
    const [typed, repeated] = [takePin(pin), takePin(again)]
    const wrong = typed === '' ? 'pin-empty' : fresh && typed !== repeated ? 'pin-other' : null
    setRefused(wrong)
    if (wrong !== null) {
      pin.current?.focus()
      return
    }
    setBusy(true)
    await act(call('ceremonies.enterPin', { id: view.id, token: need.token, user: need.user, pin: typed }))
    setBusy(false)
  }

  if (need.taken) {
    return (
      <div className="step-need">
        <div className="actions" role="status" data-pin-taken="">
          <Outcome tone="good">{t('runner.pin-taken')}</Outcome>
          <span className="quiet">
            {t(need.user === 'so' ? 'tokens.so-pin' : 'tokens.user-pin')} · <Rec>{need.label}</Rec>
          </span>
        </div>
      </div>
    )
  }
  if (need.padSeconds !== null) {
    return (
      <div className="step-need form">
        <NeedPinFacts need={need} />
        <PadNote seconds={need.padSeconds} />
      </div>
    )
  }
  return (
    <form
      className="step-need form"
      onSubmit={(event) => {
        event.preventDefault()
        void enter()
      }}
    >
      <NeedPinFacts need={need} />
      <PinField label={t(need.user === 'so' ? 'tokens.so-pin' : 'tokens.user-pin')} field={pin} />
      {fresh ? (
        <PinField label={t('tokens.new-pin-again')} field={again} hint={t('tokens.new-pin-hint')} />
      ) : null}
      <div className="actions">
        <Button type="submit" loading={busy} disabled={need.pin.state === 'locked'}>
          {t('runner.enter-pin')}
        </Button>
        <span className="why-not" role="status">
          {need.pin.state === 'locked'
            ? t('runner.pin-locked')
            : refused === null
              ? null
              : t(`runner.${refused}`)}
        </span>
      </div>
    </form>
  )
}

function NeedPinFacts({ need }: Pick<Props, 'need'>) {
  const { t } = useTranslation()
  return (
    <dl className="facts">
      <dt>{t('runner.token')}</dt>
      <dd>
        <Rec>{need.label}</Rec> {need.token === '' ? null : <Code>{need.token}</Code>}
      </dd>
      <dt>{t(need.user === 'so' ? 'tokens.so-pin' : 'tokens.user-pin')}</dt>
      <dd>
        <PinLine pin={need.pin} />
      </dd>
    </dl>
  )
}
