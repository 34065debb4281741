import { Icon } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'

/** A question in front of the page. Escape and the cross change nothing, and ask before what was typed or is shown once is lost. */
export function Dialog({
  title,
  once = false,
  onClose,
  children,
}: {
  title: string
  /** It shows what nobody can see again. */
  once?: boolean
  onClose: () => void
  children: ReactNode
}) {
  const { t } = useTranslation()
  const id = useId()
  const dialog = useRef<HTMLDialogElement>(null)
  const [typed, setTyped] = useState(false)
  const [asking, setAsking] = useState(false)
  useEffect(() => {
    const shown = dialog.current
    shown?.showModal()
    return () => shown?.close()
  }, [])
  const leave = (): void => (once || typed ? setAsking(true) : dialog.current?.close())
  return (
    <dialog
      ref={dialog}
      className="dialog"
      aria-labelledby={id}
      onClose={onClose}
      onInput={() => setTyped(true)}
      // Of the key itself: a browser closes it at the second Escape, whatever is said to the first.
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return
        event.preventDefault()
        leave()
      }}
      onCancel={(event) => {
        if (event.target !== dialog.current) return
        event.preventDefault()
        leave()
      }}
    >
      <header className="dialog-head">
        <h2 id={id}>{title}</h2>
        <button type="button" className="icon-button" aria-label={t('console.close')} onClick={leave}>
          <Icon name="cross" size={18} />
        </button>
      </header>
      {asking ? (
        <div className="dialog-asks" role="alert">
          <p>{t(`console.leave.${once ? 'once' : 'typed'}`)}</p>
          <span className="actions">
            <Button type="button" size="2" onClick={() => setAsking(false)}>
              {t('console.leave.stay')}
            </Button>
            <Button
              type="button"
              size="2"
              variant="surface"
              color="gray"
              highContrast
              onClick={() => dialog.current?.close()}
            >
              {t('console.leave.close')}
            </Button>
          </span>
        </div>
      ) : null}
      {children}
    </dialog>
  )
}
