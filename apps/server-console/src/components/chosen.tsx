import { Rec } from '@lux/ui'
import { useDeferredValue, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { maxPage } from '../api/limits.ts'
import { useIdentities } from '../api/queries.ts'
import type { Identity } from '../api/types.ts'
import { Choice, Field, Tick } from './form.tsx'

/** What was chosen stays, whatever is searched for next. Who was revoked is not chosen. */
export const choicesOf = (kept: readonly Identity[], found: readonly Identity[]): readonly Identity[] => [
  ...kept,
  ...found.filter(({ id, revokedAt }) => revokedAt === null && kept.every((one) => one.id !== id)),
]

/** People or services to choose among. Where one page does not hold all of them, `search` finds the others. */
export function useChoices(kind: Identity['kind']) {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [kept, setKept] = useState<readonly Identity[]>([])
  const search = useDeferredValue(typed.trim())
  const query = useIdentities(kind, { search, offset: 0, limit: maxPage })
  const { data } = query
  return {
    query,
    choices: choicesOf(kept, data?.identities ?? []),
    setKept,
    search:
      search === '' && (data?.totalCount ?? 0) <= maxPage ? null : (
        <Field
          type="search"
          label={t('console.list.search')}
          value={typed}
          onChange={({ target }) => setTyped(target.value)}
          // Enter would send the form around it.
          onKeyDown={(event) => (event.key === 'Enter' ? event.preventDefault() : undefined)}
          maxLength={64}
          autoComplete="off"
          spellCheck={false}
        />
      ),
  }
}

type Choices = ReturnType<typeof useChoices>

/** One of them. */
export function ChosenOne({
  from,
  name,
  label,
  hint,
}: {
  from: Choices
  name: string
  label: string
  hint: string
}) {
  const [value, setValue] = useState<string>()
  const { choices } = from
  return (
    <>
      {from.search}
      <Choice
        name={name}
        label={label}
        hint={hint}
        value={value ?? choices[0]?.id ?? ''}
        onChange={(id) => {
          setValue(id)
          from.setKept(choices.filter((one) => one.id === id))
        }}
        options={choices.map((one) => ({ value: one.id, label: one.name }))}
      />
    </>
  )
}

/** Any of them. */
export function ChosenSome({ from, name }: { from: Choices; name: string }) {
  const { choices } = from
  return (
    <>
      {from.search}
      {choices.map((one) => (
        <Tick
          key={one.id}
          name={name}
          value={one.id}
          label={<Rec>{one.name}</Rec>}
          onChange={({ target }) =>
            from.setKept((kept) => [
              ...kept.filter(({ id }) => id !== one.id),
              ...(target.checked ? [one] : []),
            ])
          }
        />
      ))}
    </>
  )
}
