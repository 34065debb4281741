import type { Carried, PayloadType } from '@lux/crypto/transport'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { createPortal } from 'react-dom'
import { useTranslation } from 'react-i18next'
import { Icon } from '../components/icon.tsx'
import { Rec } from '../components/record.tsx'
import { TextIn, TextOut } from './as-text.tsx'
import { QrReceiver } from './qr-receiver.tsx'
import { QrSender } from './qr-sender.tsx'

/** Codes or the camera, above the screen that asked. Escape closes it, and the choice of files is still there. */
function QrPanel({ title, onClose, children }: { title: string; onClose: () => void; children: ReactNode }) {
  const { t } = useTranslation()
  const dialog = useRef<HTMLDialogElement>(null)
  const heading = useId()
  useEffect(() => {
    const shown = dialog.current
    if (shown !== null && !shown.open) shown.showModal()
  }, [])
  return createPortal(
    <dialog ref={dialog} className="qr-panel" aria-labelledby={heading} onClose={onClose}>
      <header>
        <h2 id={heading}>
          <Rec>{title}</Rec>
        </h2>
        <button
          type="button"
          className="qr-close"
          aria-label={t('ui.qr.close')}
          onClick={() => dialog.current?.close()}
        >
          <Icon name="cross" size={20} />
        </button>
      </header>
      {children}
    </dialog>,
    // Beside the screens, inside the theme's colours.
    document.querySelector('.radix-themes') ?? document.body,
  )
}

/** One payload to show. `what`: its name for people. */
export type QrPart = { readonly what: string; readonly carried: Carried }

/** Shows one payload, or several one after the other. */
export function QrShow({
  title,
  parts,
  onClose,
}: {
  title: string
  parts: readonly QrPart[]
  onClose: () => void
}) {
  const { t } = useTranslation()
  const [at, setAt] = useState(0)
  const part = parts[at]
  return (
    <QrPanel title={title} onClose={onClose}>
      {parts.length < 2 ? null : (
        <fieldset className="qr-parts">
          <legend>{t('ui.qr.one-by-one')}</legend>
          {parts.map(({ what }, place) => (
            <button key={what} type="button" aria-pressed={place === at} onClick={() => setAt(place)}>
              {`${place + 1}. ${what}`}
            </button>
          ))}
        </fieldset>
      )}
      {part === undefined ? null : (
        <>
          <QrSender key={part.what} carried={part.carried} what={part.what} />
          <TextOut carried={part.carried} />
        </>
      )}
    </QrPanel>
  )
}

/** Scans one payload of an expected type, and closes when it is complete. */
export function QrScan({
  title,
  what,
  expected,
  allow,
  onCarried,
  onClose,
}: {
  title: string
  what: string
  expected: readonly PayloadType[]
  allow?: (on: boolean) => Promise<void>
  onCarried: (carried: Carried) => void
  onClose: () => void
}) {
  function take(carried: Carried): void {
    onClose()
    onCarried(carried)
  }
  return (
    <QrPanel title={title} onClose={onClose}>
      <QrReceiver
        expected={expected}
        what={what}
        {...(allow === undefined ? {} : { allow })}
        onCarried={take}
      />
      <TextIn expected={expected} onCarried={take} />
    </QrPanel>
  )
}
