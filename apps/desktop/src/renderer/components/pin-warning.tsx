import { Icon } from '@lux/ui'
import { Checkbox } from '@radix-ui/themes'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { PinState } from '../../contract/index.ts'

/** Warns where a PIN is low; where one try is left, asks that the person takes it on themselves. */
export function PinWarning({
  pin,
  accepted,
  onAccept,
}: {
  pin: PinState
  accepted: boolean
  onAccept(accepted: boolean): void
}) {
  const { t } = useTranslation()
  const id = useId()
  if (pin.state !== 'low' && pin.state !== 'final') return null
  return (
    <div
      className="failure"
      data-tone={pin.state === 'low' ? 'warn' : 'bad'}
      role="status"
      data-pin={pin.state}
    >
      <Icon name="alert" size={18} />
      <div className="section">
        <strong>{t(`tokens.pin-${pin.state}-warning`)}</strong>
        {pin.state === 'low' ? null : (
          <label htmlFor={id} className="actions confirm">
            <Checkbox id={id} checked={accepted} onCheckedChange={(on) => onAccept(on === true)} />
            {t('tokens.pin-final-accept')}
          </label>
        )}
      </div>
    </div>
  )
}
