import { useEffect } from 'react'
import { call } from '../client.ts'
import { useShell } from './shell.ts'

/** The system has what was copied only after the event. */
const settledMs = 50

/** Whatever a person selects and copies is cleared again; what the window's own buttons copy is public, and stays. */
export function useClipboardClear(): void {
  const clearAfter = useShell(({ settings }) => settings.clearClipboard)
  useEffect(() => {
    const copied = (): void => {
      setTimeout(() => void call('shell.copied', { clearAfter }), settledMs)
    }
    for (const name of ['copy', 'cut'] as const) addEventListener(name, copied)
    return () => {
      for (const name of ['copy', 'cut'] as const) removeEventListener(name, copied)
    }
  }, [clearAfter])
}
