import type { Progress } from '@lux/crypto/transport'
import type { Scanned } from './messages.ts'

/** After as long without a part of ours a person is told what helps. */
export const tipAfter = 4000

type At<T> = { readonly at: number; readonly what: T }

/** What was seen so far; times are those of one clock, in milliseconds. */
export type Scanning = {
  readonly since: number
  readonly progress: At<Progress> | null
  readonly refused: At<{ readonly rule: string; readonly detail: string }> | null
}

export const startScanning = (now: number): Scanning => ({ since: now, progress: null, refused: null })

export function scanned(state: Scanning, seen: Scanned, now: number): Scanning {
  if (seen.state === 'progress') {
    // What was damaged is said for a while, although its parts come in again at once.
    const refused = state.refused?.what.rule === 'TRANSFER-DAMAGED' ? state.refused : null
    return { ...state, progress: { at: now, what: seen.progress }, refused }
  }
  if (seen.state !== 'refused') return state
  const { rule, detail } = seen
  // Several transfers can be under way: one that was spoiled begins anew.
  const progress = rule === 'TRANSFER-DAMAGED' ? null : state.progress
  return { ...state, progress, refused: { at: now, what: { rule, detail } } }
}

export type Shown = {
  readonly progress: Progress | null
  readonly refused: { readonly rule: string; readonly detail: string } | null
  readonly tip: boolean
}

/**
 * What a person is told now. While parts come in, a foreign code beside them is no matter; a torn one is said only where nothing else
 * has come for a while, since a camera often looks between two codes.
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
