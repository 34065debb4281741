import { Select, TextArea } from '@radix-ui/themes'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { DraftFieldView } from '../../contract/index.ts'
import { TextIn } from '../setup/policy.tsx'

/** The form that a family of steps, or a key, asks for: each entry is sent when it is left. */
export function DraftFields({
  fields,
  onChange,
}: {
  fields: readonly DraftFieldView[]
  onChange: (entry: string, value: string) => void
}) {
  return fields.map((field) => (
    <OneField key={field.entry} field={field} onDone={(value) => onChange(field.entry, value)} />
  ))
}

/** A choice of nothing; a list has no empty value. */
const nothing = '-'

function OneField({ field, onDone }: { field: DraftFieldView; onDone: (value: string) => void }) {
  const { t, i18n } = useTranslation()
  const { entry, type, value, choices = [], optional } = field
  const name = t(`designer.entry.${entry}`)
  const id = useId()
  const shown = (one: string): string =>
    entry === 'actor' && i18n.exists(`roles.${one}`)
      ? t(`roles.${one}`)
      : i18n.exists(`designer.choice.${one}`)
        ? t(`designer.choice.${one}`)
        : one
  if (type === 'text') return <TextIn name={name} value={value} onDone={onDone} />
  if (type !== 'choice') return <Lines name={name} value={value} lines={type === 'lines'} onDone={onDone} />
  return (
    <div className="field">
      <label htmlFor={id}>{name}</label>
      <Select.Root
        value={value === '' ? nothing : value}
        onValueChange={(chosen) => onDone(chosen === nothing ? '' : chosen)}
      >
        <Select.Trigger id={id} variant="surface" />
        <Select.Content>
          {optional ? <Select.Item value={nothing}>{t(`designer.none.${entry}`)}</Select.Item> : null}
          {choices.map((one) => (
            <Select.Item key={one} value={one}>
              {shown(one)}
            </Select.Item>
          ))}
        </Select.Content>
      </Select.Root>
    </div>
  )
}

function Lines({
  name,
  value,
  lines,
  onDone,
}: {
  name: string
  value: string
  lines: boolean
  onDone: (value: string) => void
}) {
  const id = useId()
  const [typed, setTyped] = useState(value)
  const [from, setFrom] = useState(value)
  if (from !== value) {
    setFrom(value)
    setTyped(value)
  }
  // A sentence is one line, however it is typed.
  const said = lines ? typed : typed.replaceAll(/\s+/g, ' ').trim()
  return (
    <div className="field">
      <label htmlFor={id}>{name}</label>
      <TextArea
        id={id}
        dir="auto"
        rows={3}
        maxLength={1000}
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
        onBlur={() => {
          if (said !== value) onDone(said)
        }}
      />
    </div>
  )
}
