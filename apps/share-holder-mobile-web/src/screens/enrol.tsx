import { type FormEvent, lazy, Suspense, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { LanguageChoice } from '../components/language-choice.tsx'
import { Page } from '../components/page.tsx'
import { kinds } from '../device/api.ts'
import { enrol, usePhone } from '../stores/phone.ts'

const Restore = lazy(async () => ({ default: (await import('./restore.tsx')).Restore }))

/** Names the person, and makes the key under a passphrase that only they know. */
export function Enrol() {
  const { t } = useTranslation()
  const busy = usePhone((phone) => phone.busy)
  const [differ, setDiffer] = useState(false)

  function submit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const form = event.currentTarget
    const given = new FormData(form)
    const passphrase = String(given.get('passphrase'))
    const again = String(given.get('again'))
    setDiffer(passphrase !== again)
    if (passphrase !== again) return
    const kind = kinds.find((one) => one === given.get('kind')) ?? 'holder'
    const domain = given.get('domain') === 'production' ? 'production' : 'rehearsal'
    void enrol({ name: String(given.get('name')).trim(), kind, domain, passphrase })
    // The worker has the passphrase now, so the fields are cleared.
    for (const field of form.querySelectorAll<HTMLInputElement>('input[type=password]')) field.value = ''
  }

  return (
    <Page title={t('phone.enrol.title')}>
      <p>{t('phone.enrol.what')}</p>
      <form id="enrol" className="form" onSubmit={submit}>
        <label>
          <span>{t('phone.enrol.name')}</span>
          <input name="name" required maxLength={64} autoComplete="name" />
        </label>
        <fieldset>
          <legend>{t('phone.enrol.part')}</legend>
          {kinds.map((kind) => (
            <label key={kind} className="choice">
              <input type="radio" name="kind" value={kind} defaultChecked={kind === 'holder'} />
              <span>
                {t(`phone.kind.${kind}.name`)}
                <span className="quiet"> {t(`phone.kind.${kind}.what`)}</span>
              </span>
            </label>
          ))}
        </fieldset>
        <fieldset>
          <legend>{t('phone.enrol.for')}</legend>
          <label className="choice">
            <input type="radio" name="domain" value="rehearsal" defaultChecked />
            <span>{t('phone.enrol.rehearsal')}</span>
          </label>
          <label className="choice">
            <input type="radio" name="domain" value="production" />
            <span>{t('phone.enrol.production')}</span>
          </label>
        </fieldset>
        <label>
          <span>{t('phone.enrol.passphrase')}</span>
          <input
            name="passphrase"
            type="password"
            required
            autoComplete="new-password"
            aria-describedby="rule"
          />
        </label>
        <p id="rule" className="quiet">
          {t('ui.new-passphrase')} {t('phone.enrol.rule')}
        </p>
        <label>
          <span>{t('phone.enrol.again')}</span>
          <input name="again" type="password" required autoComplete="new-password" aria-invalid={differ} />
        </label>
        {differ ? (
          <p role="alert" className="bad">
            {t('phone.enrol.differ')}
          </p>
        ) : null}
        <button type="submit" className="press primary" disabled={busy !== null}>
          {busy === null ? t('phone.enrol.make') : t(`phone.busy.${busy}`)}
        </button>
      </form>
      <Suspense>
        <Restore />
      </Suspense>
      <LanguageChoice />
    </Page>
  )
}
