import { Icon, type IconName } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { type ReactNode, useId } from 'react'
import { useTranslation } from 'react-i18next'

type Props = {
  label: string
  icon?: IconName
  /** What will happen, or why it cannot be pressed; beside it. */
  hint?: ReactNode
  /** The other answer, of the same weight, before it. */
  beside?: ReactNode
  off?: boolean
  busy?: boolean
  /** Comparisons have no accent: neither answer is the easier one. */
  plain?: boolean
  /** The letter that presses it too, from wherever the focus is. */
  letter?: string
  onPress: () => void
}

/** The live button of the stage. A key that is held down presses it once. */
export function GoButton({
  label,
  icon,
  hint,
  beside = null,
  off = false,
  busy = false,
  plain = false,
  letter,
  onPress,
}: Props) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <>
      {hint === undefined || hint === null ? null : (
        <span id={id} className="stage-hint" role="status">
          {hint}
        </span>
      )}
      {beside}
      <Button
        className={off ? 'stage-button is-off' : 'stage-button'}
        data-go=""
        size="4"
        loading={busy}
        {...(plain || off ? { variant: 'surface', color: 'gray', highContrast: true } : {})}
        {...(off ? { 'aria-disabled': true } : {})}
        {...(hint === undefined || hint === null ? {} : { 'aria-describedby': id })}
        onKeyDown={(event) => {
          if (event.repeat) event.preventDefault()
        }}
        onClick={() => {
          if (!off) onPress()
        }}
      >
        {icon === undefined ? null : <Icon name={icon} size={20} />}
        {label}
        <span
          className="stage-key"
          aria-hidden="true"
          {...(letter === undefined ? {} : { 'data-letter': '' })}
        >
          {letter ?? t('stage.enter')}
        </span>
      </Button>
    </>
  )
}
