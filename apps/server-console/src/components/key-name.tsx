import { useTranslation } from 'react-i18next'
import { Field } from './form.tsx'

/** A key's name, in the form that the server takes. */
export function KeyName({ defaultValue }: { defaultValue?: string }) {
  const { t } = useTranslation()
  return (
    <Field
      name="name"
      label={t('console.new-key.name')}
      hint={t('console.new-key.name-hint')}
      {...(defaultValue === undefined ? {} : { defaultValue })}
      required
      maxLength={32}
      pattern="[a-z0-9]+(-[a-z0-9]+)*"
      autoComplete="off"
      spellCheck={false}
      dir="ltr"
    />
  )
}
