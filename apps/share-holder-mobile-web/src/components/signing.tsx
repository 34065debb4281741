import { goOnIn, Icon, mayDecide, readOn, sawPart, turnPage, useSeen } from '@lux/ui'
import { type ReactNode, type RefObject, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { read, readingOf, usePhone } from '../stores/phone.ts'
import { HoldButton } from './hold-button.tsx'
import { Page } from './page.tsx'

/** What somebody says yes to. */
type YesTo = 'request' | 'sign' | 'epoch'

/** A page that is read before a yes. */
export type Part = { readonly name: string; readonly title: ReactNode; readonly body: ReactNode }

/** What somebody is asked to sign, one part a page. The yes works once every part was on screen to its end. The no works at once. */
export function Signing({
  of,
  digest,
  parts,
  badge,
  hold,
  blocked,
  instead,
  onYes,
}: {
  of: YesTo
  /** The digest of what is read. Another one starts the reading over. */
  digest: string
  parts: readonly Part[]
  badge?: ReactNode
  hold: string
  blocked: boolean
  instead: ReactNode
  onYes: () => void
}) {
  const { t } = useTranslation()
  const busy = usePhone((phone) => phone.busy)
  const reading = usePhone((phone) => phone.reading)
  const body = useRef<HTMLDivElement>(null)
  const bar = useRef<HTMLElement>(null)
  const names = parts.map(({ name }) => name)
  const is = readingOf({ reading }, digest, names)
  const part = parts[is.at]
  if (part === undefined) return null
  const next = readOn(is)
  const turn = (by: 1 | -1): void => read(digest, names, (before) => turnPage(before, by))

  return (
    <Page
      key={part.name}
      title={part.title}
      back={is.at === 0 ? true : () => turn(-1)}
      badge={badge}
      bar={bar}
      actions={
        busy !== null ? (
          <p role="status">{t(`phone.busy.${busy}`)}</p>
        ) : mayDecide(is) ? (
          <Consent of={of} hold={hold} blocked={blocked} onYes={onYes} instead={instead} />
        ) : (
          <>
            <p className="quiet">{t('phone.read.later', { page: parts.length })}</p>
            <div className="pair">
              {instead}
              <button
                type="button"
                className="press read-on"
                onClick={() => {
                  if (next === null) turn(1)
                  else if (body.current !== null) goOnIn(body.current, next)
                }}
              >
                {t(next === null ? 'phone.read.next' : 'phone.read.on')}
              </button>
            </div>
          </>
        )
      }
    >
      <p className="pages">
        {parts.map(({ name }, at) => (
          <span key={name} data-read={at <= is.at || undefined} />
        ))}
        <span>{t('phone.read.page', { at: is.at + 1, of: parts.length })}</span>
      </p>
      <Seen
        part={body}
        bar={bar}
        onLook={(look) => read(digest, names, (was) => sawPart(was, part.name, look))}
      >
        {part.body}
      </Seen>
      {mayDecide(is) ? (
        <p role="status" className="read-all">
          <Icon name="check" size={20} />
          {t('phone.read.all')}
        </p>
      ) : null}
    </Page>
  )
}

/** Tells how much of what it holds is on screen. */
export function Seen({
  part,
  bar,
  onLook,
  children,
}: {
  part: RefObject<HTMLDivElement | null>
  bar: RefObject<HTMLElement | null>
  onLook: Parameters<typeof useSeen>[2]
  children: ReactNode
}) {
  useSeen(part, bar, onLook)
  return (
    <div ref={part} className="part">
      {children}
    </div>
  )
}

/** The yes to an act that cannot be undone: the person holds the button, or presses it twice. `instead`: the button for no. */
export function Consent({
  of,
  hold,
  blocked,
  instead,
  onYes,
}: {
  of: YesTo
  /** The act, as the button's label names it. */
  hold: string
  blocked: boolean
  instead: ReactNode
  onYes: () => void
}) {
  const { t } = useTranslation()
  const [sure, setSure] = useState(false)
  if (sure)
    return (
      <>
        <p>{t(`phone.${of}.sure`)}</p>
        <button type="button" className="press primary" disabled={blocked} onClick={onYes}>
          {t(`phone.${of}.yes`)}
        </button>
        <button type="button" className="press" onClick={() => setSure(false)}>
          {t('phone.back')}
        </button>
      </>
    )
  return (
    <>
      <HoldButton label={hold} disabled={blocked} onHeld={onYes} />
      <div className="pair">
        {instead}
        <button type="button" className="press" disabled={blocked} onClick={() => setSure(true)}>
          {t(`phone.${of}.press`)}
        </button>
      </div>
      {blocked ? <p className="bad">{t('phone.request.blocked')}</p> : null}
    </>
  )
}
