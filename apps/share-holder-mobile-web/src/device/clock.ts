import type { Answer } from './api.ts'
import { no, yes } from './kept.ts'
import { encodeText, parseText, type Records, type Written } from './records.ts'

/** A clock may be set back this far to correct it. Further back, a request that has expired would be answered. */
const slack = 2 * 60_000
/** The clocks of other signers may run this far ahead. */
const ahead = 5 * 60_000

// Times as documents have them, ISO-8601 UTC with milliseconds, compare as text.
const later = (one: string, other: string): string => (one > other ? one : other)
const earlier = (one: string, other: string): string => (one < other ? one : other)
const between = (from: string, to: string): number => Date.parse(to) - Date.parse(from)

/**
 * The time, never before `newest`, the latest that was read since the app was unlocked; empty where none was. A clock that ran ahead stops
 * nothing once it is right and the app is unlocked anew. Refuses PHONE-CLOCK where the clock was set back, or is behind what others signed.
 */
export function readClock(
  records: Records,
  { now, newest }: { now: string; newest: string },
): Answer<string> {
  if (newest !== '' && between(now, newest) > slack) return no('PHONE-CLOCK', newest)
  const signed = checkNotBehind(now, [signedAt(records)])
  return signed.ok ? yes(later(newest, now)) : signed
}

/** The record of the latest time in `signed`, where it is news. A time more than five minutes after `now` counts as those five minutes. */
export function keepSigned(records: Records, now: string, signed: readonly string[]): Written[] {
  const kept = signedAt(records)
  const most = new Date(Date.parse(now) + ahead).toISOString()
  const at = earlier(signed.reduce(later, ''), most)
  return at > kept ? [{ store: 'clock', id: 'signed', plain: encodeText({ at }) }] : []
}

function signedAt(records: Records): string {
  const bytes = records.read('clock', 'signed')
  // `keepSigned` wrote it, under the vault's key.
  return bytes === null ? '' : (parseText(bytes) as { at: string }).at
}

/** Refuses PHONE-CLOCK where the phone is more than five minutes behind a time that somebody known has signed. */
export function checkNotBehind(time: string, signed: readonly string[]): Answer<null> {
  const newest = signed.reduce(later, '')
  return newest !== '' && between(time, newest) > ahead ? no('PHONE-CLOCK', newest) : yes(null)
}
