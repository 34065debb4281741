import type { FormEvent } from 'react'
import { useTranslation } from 'react-i18next'
import { LanguageChoice } from '../components/language-choice.tsx'
import { useOffline } from '../components/offline.ts'
import { Page } from '../components/page.tsx'
import { Questions } from '../components/questions.tsx'
import { addPasskey, go, lock, removePasskey, usePhone } from '../stores/phone.ts'

export function More() {
  const { t } = useTranslation()
  const offline = useOffline(({ state }) => state)
  return (
    <Page title={t('phone.tab.more')}>
      <button type="button" className="press" onClick={lock}>
        {t('phone.more.lock')}
      </button>
      <button type="button" className="press" onClick={() => go('sheet')}>
        {t('phone.sheet.title')}
      </button>
      <LanguageChoice />
      <p role="status" className="quiet">
        {offline === 'unknown'
          ? ''
          : t(offline === 'replaced' ? 'phone.before.version-replaced' : `phone.offline.${offline}`)}
      </p>
      <PasskeyCard />
      <Questions />
    </Page>
  )
}

/** A passkey beside the passphrase. Adding and removing it needs the passphrase. */
function PasskeyCard() {
  const { t } = useTranslation()
  const busy = usePhone((phone) => phone.busy)
  const has = usePhone((phone) => phone.passkey !== null)

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const form = event.currentTarget
    const passphrase = String(new FormData(form).get('passphrase'))
    form.reset()
    void (has ? removePasskey(passphrase) : addPasskey(passphrase))
  }

  return (
    <section className="card">
      <h2>{t('phone.passkey.title')}</h2>
      <p role="status">{t(has ? 'phone.passkey.on' : 'phone.passkey.off')}</p>
      <p className="quiet">{t('phone.passkey.what')}</p>
      <form className="form" onSubmit={submit}>
        <label>
          <span>{t('phone.unlock.passphrase')}</span>
          <input name="passphrase" type="password" required autoComplete="current-password" />
        </label>
        <button type="submit" className="press" disabled={busy !== null}>
          {busy !== null ? t(`phone.busy.${busy}`) : t(has ? 'phone.passkey.remove' : 'phone.passkey.add')}
        </button>
      </form>
    </section>
  )
}
