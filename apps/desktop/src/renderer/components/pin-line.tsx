import { useTranslation } from 'react-i18next'
import type { PinState } from '../../contract/index.ts'
import { Outcome } from './outcome.tsx'

const tones = {
  ok: 'good',
  low: 'warn',
  final: 'bad',
  locked: 'bad',
  'must-change': 'warn',
  unset: 'none',
} as const

/** A PIN's state in words, with a number of tries only where the token gives one. */
export function PinLine({ pin }: { pin: PinState }) {
  const { t } = useTranslation()
  return (
    <Outcome tone={tones[pin.state]}>
      {t(`tokens.pin.${pin.state}`)}
      {pin.left === null || pin.state === 'final' || pin.state === 'locked'
        ? null
        : ` · ${t('tokens.tries', { count: pin.left })}`}
    </Outcome>
  )
}
