import type { Answer } from './api.ts'
import { no, yes } from './kept.ts'
import { encodeText, parseText, type Records, type Written } from './records.ts'

/** A clock may be put right by so much. Further back, what has expired would be answered. */
const slack = 2 * 60_000
/** Clocks of others, which signed, may be ahead by so much. */
const ahead = 5 * 60_000

/** Of times as documents have them: ISO-8601 UTC with milliseconds. */
const later = (one: string, other: string): string => (one > other ? one : other)
const earlier = (one: string, other: string): string => (one < other ? one : other)
const between = (from: string, to: string): number => Date.parse(to) - Date.parse(from)

/**
 * The phone's clock, which never goes back while the app is open. Beside the shares lies the newest time that somebody known has signed:
 * a clock that ran ahead of it stops nothing once it is right and the app is unlocked anew.
 */
export type Clock = {
  /** ISO-8601 UTC, never before what was read last. Refuses PHONE-CLOCK where the clock was set back, or is behind what was signed. */
  read(records: Records): Answer<string>
  forget(): void
}

export function keptClock(now: () => string): Clock {
  let newest = ''
  return {
    read(records) {
      const at = now()
      if (newest !== '' && between(at, newest) > slack) return no('PHONE-CLOCK', newest)
      const signed = checkNotBehind(at, [signedAt(records)])
      if (!signed.ok) return signed
      newest = later(newest, at)
      return yes(newest)
    },
    forget: () => {
      newest = ''
    },
  }
}

/** Keeps times that were signed, where one is newer than those of before; none counts for more than five minutes from `now`. */
export function keepSigned(records: Records, now: string, signed: readonly string[]): Written[] {
  const kept = signedAt(records)
  const most = new Date(Date.parse(now) + ahead).toISOString()
  const at = earlier(signed.reduce(later, ''), most)
  return at > kept ? [{ store: 'clock', id: 'signed', plain: encodeText({ at }) }] : []
}

function signedAt(records: Records): string {
  const bytes = records.read('clock', 'signed')
  // Written above, under the vault's key.
  return bytes === null ? '' : (parseText(bytes) as { at: string }).at
}

/** That nobody whose word counts has signed after this time. Refuses PHONE-CLOCK. */
export function checkNotBehind(time: string, signed: readonly string[]): Answer<null> {
  const newest = signed.reduce(later, '')
  return newest !== '' && between(time, newest) > ahead ? no('PHONE-CLOCK', newest) : yes(null)
}
