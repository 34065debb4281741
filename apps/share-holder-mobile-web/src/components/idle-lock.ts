import { useEffect } from 'react'
import { lock, usePhone } from '../stores/phone.ts'

/** Minutes without a sign of a person, the same where codes are shown or scanned, and minutes out of sight. */
const minutes = { still: 5, panel: 15, hidden: 1 }

const signs = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'] as const

/** Codes are shown and scanned without a touch: an open panel takes longer, and not for ever. */
const panelOpen = (): boolean => document.querySelector('dialog[open]') !== null

/** Whether the phone is to lock; milliseconds without a sign, and out of sight. */
export function isIdle({ still, hidden, panel }: { still: number; hidden: number; panel: boolean }): boolean {
  const limit = panel ? minutes.panel : minutes.still
  return hidden >= minutes.hidden * 60_000 || still >= limit * 60_000
}

/** Locks the phone when nobody is at it: its worker ends, and everything that was opened with it. */
export function useIdleLock(): void {
  const open = usePhone(({ phase }) => phase === 'open')
  const busy = usePhone((phone) => phone.busy !== null)
  useEffect(() => {
    // Work that is under way ends first: an answer that is being written down is not cut off.
    if (!open || busy) return
    let last = Date.now()
    let hiddenSince: number | null = null
    let wasOpen = false
    const seen = (): void => {
      last = Date.now()
    }
    const look = (): void => {
      const now = Date.now()
      const panel = panelOpen()
      const hidden = hiddenSince === null ? 0 : now - hiddenSince
      // A panel that closed by itself has done its work just now.
      if (wasOpen && !panel) seen()
      wasOpen = panel
      if (isIdle({ still: now - last, hidden, panel })) lock()
    }
    // A browser that slept runs no timers: it looks once it is back.
    const turned = (): void => {
      if (document.visibilityState === 'hidden') hiddenSince = Date.now()
      else {
        look()
        hiddenSince = null
      }
    }
    const timer = setInterval(look, 5000)
    document.addEventListener('visibilitychange', turned)
    for (const sign of signs) addEventListener(sign, seen, { capture: true, passive: true })
    return () => {
      clearInterval(timer)
      document.removeEventListener('visibilitychange', turned)
      for (const sign of signs) removeEventListener(sign, seen, { capture: true })
    }
  }, [open, busy])
}
