import { lazy, Suspense, useEffect } from 'react'
import { create } from 'zustand'
import { useIdle } from '../stores/idle.ts'

// Read when they are first asked for.
const Help = lazy(() => import('./help.tsx').then(({ Help }) => ({ default: Help })))
const Palette = lazy(() => import('./palette.tsx').then(({ Palette }) => ({ default: Palette })))

type Shown = 'palette' | 'help' | null

const useShown = create<{ shown: Shown }>(() => ({ shown: null }))

export function ask(shown: Shown): void {
  useShown.setState({ shown })
}

/** F1 and `?`: help for this screen; Ctrl+K: everything that can be gone to or pressed. */
export function Keys() {
  const shown = useShown((state) => state.shown)
  const locked = useIdle((state) => state.locked)
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const asked = askedBy(event)
      if (asked === null) return
      event.preventDefault()
      // Another dialog is in the middle of something.
      if (document.querySelector('[role=dialog], [role=alertdialog], dialog[open]') === null) ask(asked)
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
  const close = (): void => ask(null)
  if (shown === null || locked) return null
  return (
    <Suspense>
      {shown === 'palette' ? <Palette onClose={close} onHelp={() => ask('help')} /> : null}
      {shown === 'help' ? <Help onClose={close} /> : null}
    </Suspense>
  )
}

/** Nothing while an input method composes a word, and no `?` from whoever types one. */
function askedBy(event: KeyboardEvent): Shown {
  if (event.isComposing || event.altKey) return null
  const { key, ctrlKey, metaKey, target } = event
  if (key === 'F1') return 'help'
  if (key.toLowerCase() === 'k' && (ctrlKey || metaKey)) return 'palette'
  const types = target instanceof Element && target.closest('input, textarea, select') !== null
  return key === '?' && !types ? 'help' : null
}
