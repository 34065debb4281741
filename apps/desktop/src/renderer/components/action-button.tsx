import { Button, type ButtonProps } from '@radix-ui/themes'
import { useId } from 'react'

type Props = Omit<ButtonProps, 'disabled' | 'onClick'> & {
  /** Why it cannot be used now; shown beside it. The button stays reachable by keyboard. */
  whyNot?: string | null
  onPress: () => void
}

export function ActionButton({ whyNot, onPress, children, ...rest }: Props) {
  const id = useId()
  const off = whyNot !== null && whyNot !== undefined
  const button = (
    <Button
      type="button"
      {...rest}
      {...(off ? { 'aria-disabled': true, 'aria-describedby': id, color: 'gray', variant: 'surface' } : {})}
      className={off ? 'is-off' : ''}
      onClick={() => {
        if (!off) onPress()
      }}
    >
      {children}
    </Button>
  )
  if (!off) return button
  return (
    <span className="actions">
      {button}
      <span id={id} className="why-not">
        {whyNot}
      </span>
    </span>
  )
}
