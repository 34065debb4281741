import type { Progress } from '@lux/crypto/transport'
import type { Scanned } from './messages.ts'

/** Milliseconds without a part of ours before a tip is shown. */
export const tipAfter = 4000

type At<T> = { readonly at: number; readonly what: T }

/** What was scanned so far. All times are of one clock, in milliseconds. */
export type Scanning = {
  readonly since: number
  readonly progress: At<Progress> | null
  readonly refused: At<{ readonly rule: string; readonly detail: string }> | null
}

export const startScanning = (now: number): Scanning => ({ since: now, progress: null, refused: null })

export function scanned(state: Scanning, seen: Scanned, now: number): Scanning {
  if (seen.state === 'progress') {
    // A damaged transfer starts over at once, so its notice has to outlive the next part.
    const refused = state.refused?.what.rule === 'TRANSFER-DAMAGED' ? state.refused : null
    return { ...state, progress: { at: now, what: seen.progress }, refused }
  }
  if (seen.state !== 'refused') return state
  const { rule, detail } = seen
  // Another transfer may be under way. The damaged one starts over.
  const progress = rule === 'TRANSFER-DAMAGED' ? null : state.progress
  return { ...state, progress, refused: { at: now, what: { rule, detail } } }
}

export type Shown = {
  readonly progress: Progress | null
  readonly refused: { readonly rule: string; readonly detail: string } | null
  readonly tip: boolean
}

/**
 * What the screen says now. While parts arrive, a foreign code beside them is ignored. A torn one is reported only after a pause, because
 * cameras often look between two codes.
 */
export function shownScan({ since, progress, refused }: Scanning, now: number): Shown {
  const good = Math.max(since, progress?.at ?? since)
  const quiet = now - good >= tipAfter
  const fresh = refused !== null && now - refused.at < tipAfter
  const rule = refused?.what.rule
  const said =
    fresh && (rule === 'TRANSFER-DAMAGED' || quiet || (progress === null && rule !== 'TRANSFER-TORN'))
  return {
    progress: progress?.what ?? null,
    refused: said ? (refused?.what ?? null) : null,
    tip: quiet && !said,
  }
}
