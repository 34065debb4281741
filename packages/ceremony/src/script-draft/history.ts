import type { ScriptDraft } from './draft.ts'
import { edited, type ScriptEdit } from './edit.ts'

/** A draft with what it was before, the newest last, and what was taken back, the newest first. */
export type DraftHistory = { past: ScriptDraft[]; now: ScriptDraft; future: ScriptDraft[] }

/** How many changes can be taken back. */
export const mostUndone = 50

export function begun(now: ScriptDraft): DraftHistory {
  return { past: [], now, future: [] }
}

/** A change that changes nothing leaves the history as it is. */
export function changed(history: DraftHistory, edit: ScriptEdit): DraftHistory {
  const now = edited(history.now, edit)
  if (now === history.now) return history
  return { past: [...history.past, history.now].slice(-mostUndone), now, future: [] }
}

export function undone({ past, now, future }: DraftHistory): DraftHistory {
  const before = past.at(-1)
  return before === undefined
    ? { past, now, future }
    : { past: past.slice(0, -1), now: before, future: [now, ...future] }
}

export function redone({ past, now, future }: DraftHistory): DraftHistory {
  const [next, ...later] = future
  return next === undefined
    ? { past, now, future }
    : { past: [...past, now].slice(-mostUndone), now: next, future: later }
}
