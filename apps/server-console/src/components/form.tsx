import { FailureNotice, Icon } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import type { FormEvent, InputHTMLAttributes, ReactNode, TextareaHTMLAttributes } from 'react'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { failureFrom } from '../api/client.ts'

/** A form that starts one piece of work. Its refusal is shown above the button. */
export function Form({
  work,
  submit,
  check,
  onSubmit,
  children,
  danger = false,
  plain = false,
}: {
  work: { readonly isPending: boolean; readonly error: Error | null }
  /** The button's label: what a press does. */
  submit: string
  /** The code of what is missing before anything is sent; null where nothing is. */
  check?: (fields: Fields) => string | null
  onSubmit: (fields: Fields) => void
  children?: ReactNode
  danger?: boolean
  plain?: boolean
}) {
  const { t } = useTranslation()
  const [missing, setMissing] = useState<string | null>(null)
  function submitted(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    if (work.isPending) return
    const fields = fieldsOf(event.currentTarget)
    const code = check?.(fields) ?? null
    setMissing(code)
    if (code === null) onSubmit(fields)
  }
  return (
    <form className="form" onSubmit={submitted}>
      {children}
      {missing === null ? (
        <Refused error={work.error} />
      ) : (
        <FailureNotice failure={{ code: missing, detail: '' }} />
      )}
      <div className="form-submit">
        <Button
          type="submit"
          size="3"
          {...(danger ? { color: 'red' as const, highContrast: true } : {})}
          {...(plain ? { variant: 'surface' as const, color: 'gray' as const, highContrast: true } : {})}
          aria-disabled={work.isPending}
        >
          {work.isPending ? t('console.works') : submit}
        </Button>
      </div>
    </form>
  )
}

/** Why work was refused. */
export function Refused({ error }: { error: Error | null }) {
  return error === null ? null : <FailureNotice failure={failureFrom(error)} />
}

export type Fields = {
  text(name: string): string
  all(name: string): readonly string[]
  file(name: string): File | null
}

function fieldsOf(form: HTMLFormElement): Fields {
  const data = new FormData(form)
  const textOf = (value: FormDataEntryValue | null): string => (typeof value === 'string' ? value : '')
  return {
    text: (name) => textOf(data.get(name)),
    all: (name) => data.getAll(name).map(textOf),
    file: (name) => {
      const value = data.get(name)
      return value instanceof File && value.size > 0 ? value : null
    },
  }
}

type Labelled = { label: string; hint?: string }

export function Field({ label, hint, ...rest }: Labelled & InputHTMLAttributes<HTMLInputElement>) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input id={id} {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })} {...rest} />
      <Hint id={id} hint={hint} />
    </div>
  )
}

export function TextField({ label, hint, ...rest }: Labelled & TextareaHTMLAttributes<HTMLTextAreaElement>) {
  const id = useId()
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <textarea
        id={id}
        rows={3}
        {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        {...rest}
      />
      <Hint id={id} hint={hint} />
    </div>
  )
}

export function Choice({
  label,
  hint,
  options,
  ...rest
}: Labelled & {
  options: readonly { readonly value: string; readonly label: string }[]
  name?: string
  value?: string
  defaultValue?: string
  onChange?: (value: string) => void
}) {
  const id = useId()
  const { onChange, ...plain } = rest
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <span className="select">
        <select
          id={id}
          {...plain}
          {...(onChange === undefined ? {} : { onChange: (event) => onChange(event.target.value) })}
          {...(hint === undefined ? {} : { 'aria-describedby': `${id}-hint` })}
        >
          {options.map(({ value, label: said }) => (
            <option key={value} value={value}>
              {said}
            </option>
          ))}
        </select>
        <Icon name="back" size={14} />
      </span>
      <Hint id={id} hint={hint} />
    </div>
  )
}

export function Tick({ label, ...rest }: { label: ReactNode } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className="tick">
      <input type="checkbox" {...rest} />
      <span>{label}</span>
    </label>
  )
}

function Hint({ id, hint }: { id: string; hint: string | undefined }) {
  return hint === undefined ? null : (
    <p className="hint" id={`${id}-hint`}>
      {hint}
    </p>
  )
}
