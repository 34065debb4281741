import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { confirm, usePhone } from '../stores/phone.ts'

/** Where a passkey opened the phone: the passphrase, for the act that was pressed. */
export function Confirm() {
  const { t } = useTranslation()
  const busy = usePhone((phone) => phone.busy)

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const form = event.currentTarget
    void confirm(String(new FormData(form).get('passphrase')))
    form.reset()
  }

  return (
    <form className="form card" onSubmit={submit}>
      <label>
        <span>{t('phone.unlock.passphrase')}</span>
        <input name="passphrase" type="password" required autoComplete="current-password" />
      </label>
      <button type="submit" className="press" disabled={busy !== null}>
        {busy === null ? t('phone.passkey.confirm') : t(`phone.busy.${busy}`)}
      </button>
    </form>
  )
}
