import type { Answer } from './api.ts'
import { no, yes } from './kept.ts'
import { encodeText, parseText, type Records } from './records.ts'

/** A clock may be put right by so much. Further back, what has expired would be answered. */
const slack = 2 * 60_000
/** Apart at least, so that not each look is written down. */
const step = 60_000
/** Clocks of others, which signed, may be ahead by so much. */
const ahead = 5 * 60_000

/** Of times as documents have them: ISO-8601 UTC with milliseconds. */
const later = (one: string, other: string): string => (one > other ? one : other)
const between = (from: string, to: string): number => Date.parse(to) - Date.parse(from)

/** The phone's clock, which never goes back: the newest time that it has shown here is kept beside the shares. */
export type Clock = {
  /** ISO-8601 UTC, never before what was read last. Refuses PHONE-CLOCK where the clock was set back. */
  read(records: Records): Promise<Answer<string>>
  forget(): void
}

export function keptClock(now: () => string): Clock {
  let newest = ''
  return {
    async read(records) {
      const kept = keptAt(records)
      newest = later(newest, kept)
      const at = now()
      if (between(at, newest) > slack) return no('PHONE-CLOCK', newest)
      newest = later(newest, at)
      if (kept === '' || between(kept, newest) > step)
        await records.write([{ store: 'clock', id: 'me', plain: encodeText({ at: newest }) }])
      return yes(newest)
    },
    forget: () => {
      newest = ''
    },
  }
}

function keptAt(records: Records): string {
  const bytes = records.read('clock', 'me')
  // Written above, under the vault's key.
  return bytes === null ? '' : (parseText(bytes) as { at: string }).at
}

/** That nobody whose word counts has signed after this time. Refuses PHONE-CLOCK. */
export function checkNotBehind(time: string, signed: readonly string[]): Answer<null> {
  const newest = signed.reduce(later, '')
  return newest !== '' && between(time, newest) > ahead ? no('PHONE-CLOCK', newest) : yes(null)
}
