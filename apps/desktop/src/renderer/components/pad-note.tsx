import { Icon } from '@lux/ui'
import { useTranslation } from 'react-i18next'

/** Stands where the PIN field would: this token takes its PINs at its own pad, and this program never sees them. */
export function PadNote({
  seconds,
  entry = 'one',
}: {
  seconds: number
  entry?: 'one' | 'both' | 'change' | 'new'
}) {
  const { t } = useTranslation()
  return (
    <div className="pad-note" role="status" data-pad="">
      <Icon name="tokens" size={18} />
      <div className="section">
        <strong>{t(`tokens.pad.${entry}`)}</strong>
        <span>{t('tokens.pad-limit', { count: seconds })}</span>
      </div>
    </div>
  )
}
