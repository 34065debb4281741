import { Rec } from '@lux/ui'
import { Select } from '@radix-ui/themes'
import { useTranslation } from 'react-i18next'

/** Somebody says which of these people they are; nobody is named before that. */
export function WhoSelect({
  id,
  names,
  value,
  onChange,
  label,
}: {
  id?: string
  names: readonly string[]
  value: string
  onChange: (name: string) => void
  label?: string
}) {
  const { t } = useTranslation()
  return (
    <Select.Root value={value} onValueChange={onChange}>
      <Select.Trigger
        placeholder={t('stage.who-placeholder')}
        {...(id === undefined ? {} : { id })}
        {...(label === undefined ? {} : { 'aria-label': label })}
      />
      <Select.Content>
        {names.map((name) => (
          <Select.Item key={name} value={name}>
            <Rec>{name}</Rec>
          </Select.Item>
        ))}
      </Select.Content>
    </Select.Root>
  )
}
