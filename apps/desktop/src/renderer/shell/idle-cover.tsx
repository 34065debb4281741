import { Icon } from '@lux/ui'
import { Button } from '@radix-ui/themes'
import { useEffect, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { useIdle } from '../stores/idle.ts'

const unlock = (): void => useIdle.setState({ locked: false })

/** Covers the whole window, dialogs too, until a person is there again. Nothing below it can be reached or read. */
export function IdleCover() {
  const { t } = useTranslation()
  const cover = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = cover.current
    if (dialog === null) return
    // A dialog below would take a press outside it for its own end, and lose its draft.
    const keep = (event: Event): void => event.stopPropagation()
    dialog.addEventListener('pointerdown', keep)
    dialog.addEventListener('keydown', keep)
    dialog.showModal()
    return () => dialog.close()
  }, [])
  return (
    <dialog
      ref={cover}
      className="idle-cover"
      aria-labelledby="idle-title"
      aria-describedby="idle-text"
      onCancel={unlock}
    >
      <div className="idle-panel">
        <Icon name="clock" size={28} />
        <h2 id="idle-title">{t('frame.locked')}</h2>
        <p id="idle-text">{t('frame.locked-what')}</p>
        <Button size="3" autoFocus onClick={unlock}>
          {t('frame.unlock')}
        </Button>
      </div>
    </dialog>
  )
}
