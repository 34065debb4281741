import { Icon } from '@lux/ui'
import { type FormEvent, useSyncExternalStore } from 'react'
import { useTranslation } from 'react-i18next'
import { LanguageChoice } from '../components/language-choice.tsx'
import { useOffline } from '../components/offline.ts'
import { Page } from '../components/page.tsx'
import { Questions } from '../components/questions.tsx'
import { unlock, unlockByPasskey, usePhone } from '../stores/phone.ts'

export function Unlock() {
  const { t } = useTranslation()
  const busy = usePhone((phone) => phone.busy)
  const has = usePhone((phone) => phone.passkey !== null)

  // Another version took over, so the passphrase would be typed into a worker that is not ours.
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

function watchNetwork(changed: () => void): () => void {
  for (const what of ['online', 'offline']) addEventListener(what, changed)
  return () => {
    for (const what of ['online', 'offline']) removeEventListener(what, changed)
  }
}

/**
 * What an app can say before a passphrase is typed: whether another version waits, and whether there is a network for one to come from. An
 * app that was replaced already could say anything.
 */
function BeforeOpening() {
  const { t } = useTranslation()
  const version = useOffline(({ state }) => state)
  const online = useSyncExternalStore(watchNetwork, () => navigator.onLine)
  return (
    <section className="card before-opening" role="status">
      <p className={online ? 'bad' : undefined} data-network={online ? 'on' : 'off'}>
        <Icon name={online ? 'alert' : 'check'} size={20} />
        {t(`phone.before.network-${online ? 'on' : 'off'}`)}
      </p>
      <p className={version === 'newer' || version === 'replaced' ? 'bad' : undefined} data-version={version}>
        <Icon name={version === 'kept' ? 'check' : 'alert'} size={20} />
        {t(`phone.before.version-${version}`)}
      </p>
    </section>
  )
}
