import { Code, Rec } from '@lux/ui'
import { useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Need, RunView } from '../../contract/index.ts'
import { call } from '../client.ts'
import { Outcome } from '../components/outcome.tsx'
import { PadNote } from '../components/pad-note.tsx'
import { PinField, takePin } from '../components/pin-field.tsx'
import { PinLine } from '../components/pin-line.tsx'
import type { Act } from './act.ts'

/** Gives core what was typed; false where nothing was, or core refused it. */
export type EnterPin = () => Promise<boolean>

type Props = {
  view: RunView
  need: Extract<Need, { need: 'pin' }>
  act: Act
  /** The step's own next action, which enters the PIN first. */
  goOn: () => void
  lend: (enter: EnterPin | null) => void
}

/** A PIN is typed here and given to core by the step's live button, or by Enter: it is nowhere before and nowhere after. */
export function NeedPin({ view, need, act, goOn, lend }: Props) {
  const { t } = useTranslation()
  const pin = useRef<HTMLInputElement>(null)
  const again = useRef<HTMLInputElement>(null)
  const [refused, setRefused] = useState<'pin-empty' | 'pin-other' | null>(null)
  // Chosen here for a new token: a PIN that nobody knows would lock everybody out.
  const fresh = need.pin.state === 'unset'

  async function enter(): Promise<boolean> {
    const [typed, repeated] = [takePin(pin), takePin(again)]
    const wrong = typed === '' ? 'pin-empty' : fresh && typed !== repeated ? 'pin-other' : null
    setRefused(wrong)
    if (wrong !== null) {
      pin.current?.focus()
      return false
    }
    return act(call('ceremonies.enterPin', { id: view.id, token: need.token, user: need.user, pin: typed }))
  }

  const asked = !need.taken && need.padSeconds === null
  // The latest one is lent at each drawing, and taken back when the field goes.
  useEffect(() => {
    lend(asked ? enter : null)
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the field goes
  useEffect(() => () => lend(null), [])

  if (need.taken) {
    return (
      <div className="stage-card">
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
      <div className="stage-card form">
        <NeedPinFacts need={need} view={view} />
        <PadNote seconds={need.padSeconds} />
      </div>
    )
  }
  return (
    <form
      className="stage-card form pin-form"
      onSubmit={(event) => {
        event.preventDefault()
        goOn()
      }}
    >
      <NeedPinFacts need={need} view={view} />
      <span className="why-not" role="status">
        {refused === null ? null : t(`runner.${refused}`)}
      </span>
      <PinField
        label={t(need.user === 'so' ? 'tokens.so-pin' : 'tokens.user-pin')}
        field={pin}
        {...(fresh ? { hint: t('tokens.new-pin-rule') } : {})}
      />
      {fresh ? (
        <PinField label={t('tokens.new-pin-again')} field={again} hint={t('tokens.new-pin-hint')} />
      ) : null}
      <button type="submit" className="visually-hidden" tabIndex={-1} disabled={need.pin.state === 'locked'}>
        {t('runner.enter-pin')}
      </button>
    </form>
  )
}

/** Whoever has this PIN; another may lead the step. */
const holds = { so: 'so', user: 'operator' } as const

function NeedPinFacts({ need, view }: Pick<Props, 'need' | 'view'>) {
  const { t } = useTranslation()
  const names = view.people.filter(({ role }) => role === holds[need.user]).map(({ name }) => name)
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
      {names.length === 0 ? null : (
        <>
          <dt>{t('runner.pin-by')}</dt>
          <dd>
            <Rec>{names.join(', ')}</Rec>
          </dd>
        </>
      )}
    </dl>
  )
}
