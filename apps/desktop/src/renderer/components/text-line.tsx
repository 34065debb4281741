import { TextField } from '@radix-ui/themes'
import { type ReactNode, useId } from 'react'

/** One line of text with its label. */
export function TextLine({
  label,
  value,
  dir = 'auto',
  onChange,
}: {
  label: ReactNode
  value: string
  dir?: 'auto' | 'ltr'
  onChange(value: string): void
}) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <TextField.Root
        id={id}
        dir={dir}
        autoComplete="off"
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
    </div>
  )
}
