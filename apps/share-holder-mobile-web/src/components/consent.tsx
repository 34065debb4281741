import type { YesTo } from '@lux/people'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { HoldButton } from './hold-button.tsx'

/** The yes to an act that cannot be undone: the person holds the button, or presses it twice. `instead`: the button for no. */
export function Consent({
  of,
  hold,
  blocked,
  instead,
  onYes,
}: {
  of: YesTo
  /** The act, as the button's label names it. */
  hold: string
  blocked: boolean
  instead: ReactNode
  onYes: () => void
}) {
  const { t } = useTranslation()
  const [sure, setSure] = useState(false)
  if (sure)
    return (
      <>
        <p>{t(`phone.${of}.sure`)}</p>
        <button type="button" className="press primary" disabled={blocked} onClick={onYes}>
          {t(`phone.${of}.yes`)}
        </button>
        <button type="button" className="press" onClick={() => setSure(false)}>
          {t('phone.back')}
        </button>
      </>
    )
  return (
    <>
      <HoldButton label={hold} disabled={blocked} onHeld={onYes} />
      <div className="pair">
        {instead}
        <button type="button" className="press" disabled={blocked} onClick={() => setSure(true)}>
          {t(`phone.${of}.press`)}
        </button>
      </div>
      {blocked ? <p className="bad">{t('phone.request.blocked')}</p> : null}
    </>
  )
}
