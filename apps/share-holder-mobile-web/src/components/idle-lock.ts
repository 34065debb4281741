import { useEffect } from 'react'
import { lock, usePhone } from '../stores/phone.ts'

/** Minutes until the phone locks: without input, without input while codes are shown or scanned, and out of sight. */
const minutes = { still: 5, panel: 15, hidden: 1 }

const signs = ['keydown', 'pointerdown', 'pointermove', 'wheel', 'touchstart'] as const

/** Nobody touches the screen while codes are shown or scanned, so an open panel gets longer, but not for ever. */
const panelOpen = (): boolean => document.querySelector('dialog[open]') !== null

/** Whether the phone has to lock. Both times are in milliseconds. */
export function isIdle({ still, hidden, panel }: { still: number; hidden: number; panel: boolean }): boolean {
  const limit = panel ? minutes.panel : minutes.still
  return hidden >= minutes.hidden * 60_000 || still >= limit * 60_000
}

/** Locks the phone when nobody uses it. Its worker ends, and all opened secrets with it. */
export function useIdleLock(): void {
  const open = usePhone(({ phase }) => phase === 'open')
  const busy = usePhone((phone) => phone.busy !== null)
  useEffect(() => {
    // An answer that is being written must not be cut off.
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
      // A panel closes by itself when its work is done, which counts as a sign of a person.
      if (wasOpen && !panel) seen()
      wasOpen = panel
      if (isIdle({ still: now - last, hidden, panel })) lock()
    }
    // A browser that sleeps runs no timers, so this looks again when it wakes.
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
