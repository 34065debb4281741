import type { Needs, RunView } from '@lux/ceremony'

/** The step that waits for somebody's word, and the bundle's digest where that has to be in it: it was read aloud first. */
export function awaitedWord(
  view: RunView,
  needs: Extract<Needs, { kind: 'confirm' | 'values' | 'pin' }>,
): { step: string; bundle: string | null } {
  const shown = needs.kind === 'confirm' ? needs.shows.find(({ label }) => label === 'bundle') : undefined
  return { step: view.current ?? '', bundle: isReadAloud(view) ? null : (shown?.hex ?? null) }
}

function isReadAloud(view: RunView): boolean {
  const steps = view.parts.flatMap(({ steps }) => steps)
  return steps.find(({ id }) => id === view.current)?.do === 'read-aloud'
}
