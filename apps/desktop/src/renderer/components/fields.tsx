import { Rec } from '@lux/ui'
import { Checkbox, Select, TextArea, TextField } from '@radix-ui/themes'
import { useId } from 'react'
import { useTranslation } from 'react-i18next'
import type { Field } from '../../contract/index.ts'
import { useScriptText } from '../i18n/step-text.ts'
import { FilePicker } from './file-picker.tsx'
import { UtcClock } from './utc-clock.tsx'

type Props = {
  fields: readonly Field[]
  values: Record<string, string>
  onChange: (name: string, value: string) => void
}

/** Of a field for a passphrase or the words of a sheet. */
export const secretField = {
  type: 'password',
  dir: 'ltr',
  autoComplete: 'off',
  spellCheck: false,
  maxLength: 1024,
} as const

/** The first field that still stands in the way, null when all can be sent. */
export function firstMissing(fields: readonly Field[], values: Record<string, string>): Field | null {
  return (
    fields.find((field) => {
      const value = values[field.name] ?? field.initial ?? ''
      if (value.trim() === '') return field.optional !== true
      if (field.type !== 'integer') return false
      const number = Number(value)
      return !Number.isInteger(number) || number < (field.min ?? number) || number > (field.max ?? number)
    }) ?? null
  )
}

/** The fields that nobody has answered yet, and that have no answer of their own. */
export const missingIn = (fields: readonly Field[], values: Record<string, string>): Field[] =>
  fields.filter(
    ({ name, optional, initial }) => optional !== true && (values[name] ?? initial ?? '').trim() === '',
  )

/** What is sent: what was entered, or what the field began with; a field that was left empty is left out. */
export function filledIn(fields: readonly Field[], values: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    fields
      .map(({ name, initial }) => [name, values[name] ?? initial ?? ''] as const)
      .filter(([, value]) => value !== ''),
  )
}

/** Whether the values of the others make it count. */
export const counts = ({ only = {} }: Field, fields: readonly Field[], values: Record<string, string>) =>
  Object.entries(only).every(
    ([name, value]) => (values[name] ?? fields.find((field) => field.name === name)?.initial ?? '') === value,
  )

export function Fields({ fields, values, onChange }: Props) {
  return fields
    .filter((field) => counts(field, fields, values))
    .map((field) =>
      field.type === 'file' || field.type === 'folder' ? (
        <OnePath
          key={field.name}
          field={field}
          value={values[field.name] ?? ''}
          onChange={(value) => onChange(field.name, value)}
        />
      ) : field.type === 'several' ? (
        <Several
          key={field.name}
          field={field}
          value={values[field.name] ?? field.initial ?? ''}
          onChange={(value) => onChange(field.name, value)}
        />
      ) : (
        <OneField
          key={field.name}
          field={field}
          value={values[field.name] ?? field.initial ?? ''}
          onChange={(value) => onChange(field.name, value)}
        />
      ),
    )
}

type OneProps = { field: Field; value: string; onChange: (value: string) => void }

function OnePath({ field, value, onChange }: OneProps) {
  const { t } = useTranslation()
  const { field: labelOf } = useScriptText()
  const kind = field.type === 'folder' ? 'folder' : (field.kind ?? 'document')
  return (
    <div className="field">
      <FilePicker kind={kind} label={labelOf(field)} path={value === '' ? null : value} onPick={onChange} />
      {field.optional ? <span className="quiet">{t('common.optional')}</span> : null}
    </div>
  )
}

/** Each choice as a sentence, in the order of its list. */
function Several({ field, value, onChange }: OneProps) {
  const { t, i18n } = useTranslation()
  const { field: labelOf } = useScriptText()
  const id = useId()
  const ticked = value.split(',').map((one) => one.trim())
  const choices = field.choices ?? []
  return (
    <fieldset className="field several">
      <legend>
        <Rec>{labelOf(field)}</Rec>
      </legend>
      {choices.map((choice) => {
        const key = `script.choice.needs.${choice}`
        return (
          <label key={choice} htmlFor={`${id}-${choice}`} className="actions">
            <Checkbox
              id={`${id}-${choice}`}
              checked={ticked.includes(choice)}
              onCheckedChange={(on) =>
                onChange(
                  choices.filter((one) => (one === choice ? on === true : ticked.includes(one))).join(','),
                )
              }
            />
            {i18n.exists(key) ? t(key) : <Rec>{choice}</Rec>}
          </label>
        )
      })}
    </fieldset>
  )
}

function OneField({ field, value, onChange }: OneProps) {
  const { t, i18n } = useTranslation()
  const { field: labelOf } = useScriptText()
  const id = useId()
  const named = (choice: string): string => {
    const key = `script.choice.${field.name}.${choice}`
    return i18n.exists(key) ? t(key) : choice
  }
  const range = field.min !== undefined && field.max !== undefined
  const hint = range
    ? t('common.range', { min: field.min, max: field.max })
    : field.optional
      ? t('common.optional')
      : null
  const described = hint ? { 'aria-describedby': `${id}-hint` } : {}
  const choices = field.type === 'flag' ? ['true', 'false'] : (field.choices ?? [])
  return (
    <div className="field">
      <label htmlFor={id}>
        <Rec>{labelOf(field)}</Rec>
      </label>
      {field.type === 'choice' || field.type === 'flag' ? (
        <Select.Root value={value} onValueChange={onChange}>
          <Select.Trigger id={id} placeholder={t('common.choose')} />
          <Select.Content>
            {choices.map((choice) => (
              <Select.Item key={choice} value={choice}>
                {field.type === 'flag' ? (
                  t(choice === 'true' ? 'common.yes' : 'common.no')
                ) : (
                  <>
                    <Rec>{named(choice)}</Rec>
                    {field.tokens?.map(({ serial, label, slot }) =>
                      serial === choice ? (
                        <span key={serial} className="quiet">
                          {' '}
                          <Rec>{label}</Rec> {t('tokens.slot')} <Rec>{slot}</Rec>
                        </span>
                      ) : null,
                    )}
                  </>
                )}
              </Select.Item>
            ))}
          </Select.Content>
        </Select.Root>
      ) : field.type === 'words' ? (
        <TextArea
          id={id}
          dir="ltr"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          {...described}
        />
      ) : (
        <TextField.Root
          id={id}
          dir="auto"
          value={value}
          inputMode={field.type === 'integer' ? 'numeric' : 'text'}
          autoComplete="off"
          onChange={(event) => onChange(event.target.value)}
          {...described}
        />
      )}
      {field.tokens?.length === 0 ? <span className="quiet">{t('setup.script.plug-in')}</span> : null}
      {field.type === 'time' ? (
        <span className="quiet">
          {t('common.own-clock')} <UtcClock />
        </span>
      ) : null}
      {hint ? (
        <span id={`${id}-hint`} className="quiet">
          {hint}
        </span>
      ) : null}
    </div>
  )
}
