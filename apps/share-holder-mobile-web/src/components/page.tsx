import { Icon, Rec } from '@lux/ui'
import { type FormEvent, type ReactNode, type RefObject, useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { confirm, go, type Route, usePhone } from '../stores/phone.ts'
import { Refusal } from './refusal.tsx'

const tabs = ['inbox', 'log', 'more'] as const satisfies readonly Route[]
const icons = { inbox: 'home', log: 'transcript', more: 'settings' } as const

/** One screen: its title, its text, and below it the buttons, always within reach of a thumb. */
export function Page({
  title,
  back,
  badge,
  children,
  actions,
  bar,
}: {
  /** A string is somebody else's words, shown as such. */
  title: ReactNode
  /** True: back to the inbox. */
  back?: boolean | (() => void)
  badge?: ReactNode
  children: ReactNode
  actions?: ReactNode
  /** The bar that covers the bottom of the text. */
  bar?: RefObject<HTMLElement | null>
}) {
  const { t } = useTranslation()
  const heading = useRef<HTMLHeadingElement>(null)
  const refused = usePhone((phone) => phone.refused)
  const confirming = usePhone((phone) => phone.confirming)
  const route = usePhone((phone) => phone.route)
  const phase = usePhone((phone) => phone.phase)
  const progress = usePhone((phone) => phone.progress)
  const rehearsal = usePhone((phone) => phone.overview?.person.domain === 'rehearsal')
  // A screen reader starts a new screen at its title.
  useEffect(() => {
    heading.current?.focus()
    scrollTo(0, 0)
  }, [])
  return (
    <div className="phone">
      {rehearsal ? <p className="rehearsal">{t('phone.rehearsal')}</p> : null}
      <header className="phone-head">
        {back ? (
          <button
            type="button"
            className="phone-back"
            aria-label={t('phone.back')}
            onClick={() => (typeof back === 'function' ? back() : go('inbox'))}
          >
            <Icon name="back" size={22} />
          </button>
        ) : null}
        <h1 ref={heading} tabIndex={-1}>
          {typeof title === 'string' ? <Rec>{title}</Rec> : title}
        </h1>
        {badge}
      </header>
      <main className="phone-main">
        {refused === null ? null : <Refusal refused={refused} />}
        {confirming ? <Confirm /> : null}
        {progress === null ? null : (
          <progress
            className="progress"
            aria-label={t('phone.busy.blocks')}
            value={progress.done}
            max={progress.of}
          />
        )}
        {children}
      </main>
      {actions === undefined ? null : (
        <footer ref={bar} className="phone-actions">
          {actions}
        </footer>
      )}
      {phase === 'open' && actions === undefined ? (
        <nav className="phone-tabs" aria-label={t('phone.tabs')}>
          {tabs.map((tab) => (
            <button
              key={tab}
              type="button"
              aria-current={route === tab ? 'page' : undefined}
              onClick={() => go(tab)}
            >
              <Icon name={icons[tab]} size={24} />
              {t(`phone.tab.${tab}`)}
            </button>
          ))}
        </nav>
      ) : null}
    </div>
  )
}

/** Asks for the passphrase, for the one act that was pressed. Only a phone that a passkey opened needs it. */
function Confirm() {
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
