import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { BeforeOpening } from '../components/before-opening.tsx'
import { LanguageChoice } from '../components/language-choice.tsx'
import { useOffline } from '../components/offline.ts'
import { Page } from '../components/page.tsx'
import { Questions } from '../components/questions.tsx'
import { unlock, unlockByPasskey, usePhone } from '../stores/phone.ts'

export function Unlock() {
  const { t } = useTranslation()
  const busy = usePhone((phone) => phone.busy)
  const has = usePhone((phone) => phone.passkey !== null)

  // Its workers would come from whoever took over.
  const replaced = useOffline(({ state }) => state === 'replaced')
  const closed = busy !== null || replaced

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const form = event.currentTarget
    void unlock(String(new FormData(form).get('passphrase')))
    form.reset()
  }

  return (
    <Page title={t('phone.unlock.title')}>
      <p>{t('phone.unlock.what')}</p>
      <BeforeOpening />
      <form className="form" onSubmit={submit}>
        <label>
          <span>{t('phone.unlock.passphrase')}</span>
          <input
            name="passphrase"
            type="password"
            required
            disabled={replaced}
            autoComplete="current-password"
          />
        </label>
        <button type="submit" className="press primary" disabled={closed}>
          {busy === null ? t('phone.unlock.open') : t(`phone.busy.${busy}`)}
        </button>
      </form>
      {has ? (
        <button type="button" className="press" disabled={closed} onClick={() => void unlockByPasskey()}>
          {t('phone.passkey.open')}
        </button>
      ) : null}
      <LanguageChoice />
      <Questions />
    </Page>
  )
}
