import { useLayoutEffect } from 'react'

/** What Heard and Differs are pressed by from wherever the focus is: neither is the easier one. */
export const letters = { heard: 'H', differs: 'D' } as const

/** Of a press of a key all that is looked at. */
type Pressed = { key: string; code: string } & Record<Held, boolean>
type Held = 'repeat' | 'isComposing' | 'altKey' | 'ctrlKey' | 'metaKey'

/** What a key says counts; where it says no Latin letter, its place does. A key that is held down says it once. */
export function isLetter(letter: string, event: Pressed): boolean {
  const { key, code, repeat, isComposing, altKey, ctrlKey, metaKey } = event
  if (repeat || isComposing || altKey || ctrlKey || metaKey) return false
  return /^[a-z]$/i.test(key) ? key.toUpperCase() === letter : code === `Key${letter}`
}

const typedInto = ['input', 'textarea', 'select', '[role=menu]', '[role=listbox]', '[role=combobox]'].join()

/** Presses by a letter, except where somebody types or finds a name by it, or a dialog asks something. */
export function useLetterKey(letter: string, on: boolean, press: () => void): void {
  // With the button itself, so that no press of its key is lost.
  useLayoutEffect(() => {
    if (!on) return
    const pressed = (event: KeyboardEvent): void => {
      if (!isLetter(letter, event)) return
      const { target } = event
      if (target instanceof Element && target.closest(typedInto) !== null) return
      if (document.querySelector('[role=dialog], [role=alertdialog], dialog[open]') !== null) return
      event.preventDefault()
      press()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  })
}
