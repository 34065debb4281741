import type { Appearance } from '@lux/ui'
import { useSyncExternalStore } from 'react'

const kept = 'lux-console-appearance'
export const appearances = ['system', 'light', 'dark'] as const satisfies readonly Appearance[]

const listeners = new Set<() => void>()

function now(): Appearance {
  const chosen = localStorage.getItem(kept)
  return appearances.find((one) => one === chosen) ?? 'system'
}

export function useAppearance(): Appearance {
  return useSyncExternalStore((changed) => {
    listeners.add(changed)
    return () => listeners.delete(changed)
  }, now)
}

export function chooseAppearance(appearance: Appearance): void {
  localStorage.setItem(kept, appearance)
  for (const changed of listeners) changed()
}
