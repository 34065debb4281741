import { TextField } from '@radix-ui/themes'
import { type RefObject, useId } from 'react'
import { useTranslation } from 'react-i18next'

/** The PIN stays in this one uncontrolled input: never in React's or a store's state. */
export function PinField({
  label,
  field,
  hint,
}: {
  label: string
  field: RefObject<HTMLInputElement | null>
  hint?: string
}) {
  const { t } = useTranslation()
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <TextField.Root
        id={id}
        ref={field}
        type="password"
        dir="ltr"
        autoComplete="off"
        spellCheck={false}
        maxLength={255}
        aria-describedby={`${id}-hint`}
      />
      <span id={`${id}-hint`} className="quiet">
        {hint ?? t('tokens.pin-hint')}
      </span>
    </div>
  )
}

/** Lends the typed PIN once and empties the field, whatever comes of it. */
export function takePin(field: RefObject<HTMLInputElement | null>): string {
  const input = field.current
  if (!input) return ''
  const pin = input.value
  input.value = ''
  return pin
}
