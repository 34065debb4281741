import { Icon } from '@lux/ui'
import { useEffect, useRef, useState } from 'react'

const holdMs = 1200

/** A button that does its work only when it is held, by finger, mouse, Space or Enter. */
export function HoldButton({
  label,
  disabled,
  onHeld,
}: {
  label: string
  disabled?: boolean
  onHeld: () => void
}) {
  const [held, setHeld] = useState(false)
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null)

  function begin(): void {
    if (disabled || timer.current !== null) return
    setHeld(true)
    timer.current = setTimeout(() => {
      end()
      onHeld()
    }, holdMs)
  }

  function end(): void {
    if (timer.current !== null) clearTimeout(timer.current)
    timer.current = null
    setHeld(false)
  }

  useEffect(
    () => () => {
      if (timer.current !== null) clearTimeout(timer.current)
    },
    [],
  )

  return (
    <button
      type="button"
      className="press primary hold"
      data-held={held || undefined}
      disabled={disabled}
      onPointerDown={begin}
      onPointerUp={end}
      onPointerLeave={end}
      onPointerCancel={end}
      onKeyDown={(event) => (event.key === ' ' || event.key === 'Enter') && begin()}
      onKeyUp={end}
      onBlur={end}
      onContextMenu={(event) => event.preventDefault()}
    >
      <Icon name="hand" size={20} />
      {label}
    </button>
  )
}
