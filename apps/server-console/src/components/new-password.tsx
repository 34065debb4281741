import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Field, type Fields, Tick } from './form.tsx'

/** A new password, typed twice, which its owner can look at. */
export function NewPassword() {
  const { t } = useTranslation()
  const [shown, setShown] = useState(false)
  const fields = [
    { name: 'password', label: t('console.door.enrol.password'), hint: t('ui.new-passphrase') },
    { name: 'repeated', label: t('console.door.enrol.repeat') },
  ]
  return (
    <div className="form">
      {fields.map((field) => (
        <Field
          key={field.name}
          {...field}
          type={shown ? 'text' : 'password'}
          required
          maxLength={256}
          autoComplete="new-password"
          autoCapitalize="none"
          spellCheck={false}
        />
      ))}
      <Tick label={t('console.door.enrol.show')} checked={shown} onChange={() => setShown(!shown)} />
    </div>
  )
}

/** The check of a form that has a new password. */
export const twiceTheSame = ({ text }: Pick<Fields, 'text'>): string | null =>
  text('password') === text('repeated') ? null : 'CONSOLE-PASSWORDS'
