import { useEffect } from 'react'
import { create } from 'zustand'
import { call } from '../client.ts'
import { useShell } from './shell.ts'

/** Whether the window is covered, and whether because nobody was at it. */
export const useIdle = create<{ locked: boolean; idle: boolean }>(() => ({ locked: false, idle: false }))

const signs = ['keydown', 'pointerdown', 'pointermove', 'wheel'] as const

/** What was typed into a PIN's field or copied is gone, core forgets what it was given, and tokens are logged out. */
export function lock(idle = false): void {
  for (const field of document.querySelectorAll<HTMLInputElement>('input[type=password]')) field.value = ''
  useIdle.setState({ locked: true, idle })
  void call('app.lock', {})
  void call('shell.forgetCopied', {})
}

/** Locks the window after the minutes of the settings without a sign of a person. */
export function useIdleLock(): void {
  const minutes = useShell(({ settings, settled }) => (settled ? settings.lockAfter : 0))
  const locked = useIdle((state) => state.locked)
  useEffect(() => {
    if (minutes === 0 || locked) return
    const unattended = (): void => lock(true)
    let timer = setTimeout(unattended, minutes * 60_000)
    const seen = (): void => {
      clearTimeout(timer)
      timer = setTimeout(unattended, minutes * 60_000)
    }
    for (const sign of signs) addEventListener(sign, seen, { capture: true, passive: true })
    return () => {
      clearTimeout(timer)
      for (const sign of signs) removeEventListener(sign, seen, { capture: true })
    }
  }, [minutes, locked])
}
